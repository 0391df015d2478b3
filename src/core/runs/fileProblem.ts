import { message, type Message, type Problem } from '../messages/message.ts';

/** What a file system said, as a sentence for people that ends in what to do. */
export function fileProblem(
  error: unknown,
  path: string,
  doing: 'create' | 'write' | 'read' | 'delete',
): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  return { message: sentence(code, doing, { path, error: text }), where: { file: path } };
}

function sentence(
  code: string,
  doing: 'create' | 'write' | 'read' | 'delete',
  args: Message['args'],
): Message {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return message(
        'The disk is full: nothing can be written to {path}. Free some space, or choose another folder for runs.',
        args,
      );
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return message(
        doing === 'read'
          ? '{path} cannot be read: permission denied. Check its permissions.'
          : 'The folder {path} is read-only. Choose another folder for runs, or change its permissions.',
        args,
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return message(
        '{path} is not a folder, so no run can be kept there. Choose another folder for runs.',
        args,
      );
    case 'ENOENT':
      return message('{path} does not exist any more.', args);
    case 'EMFILE':
    case 'ENFILE':
      return message(
        'The system has too many open files to use {path}. Close some programs and try again.',
        args,
      );
    default:
      switch (doing) {
        case 'create':
          return message('No run can be kept in {path}: {error}. Choose another folder for runs.', args);
        case 'write':
          return message('{path} cannot be written: {error}.', args);
        case 'read':
          return message('{path} cannot be read: {error}.', args);
        case 'delete':
          return message('{path} cannot be deleted: {error}.', args);
      }
  }
}
