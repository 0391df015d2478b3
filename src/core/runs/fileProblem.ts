import { message, type Problem } from '../messages/message.ts';

/** What a file system said, as a sentence for people that ends in what to do. */
export function fileProblem(
  error: unknown,
  path: string,
  doing: 'create' | 'write' | 'read' | 'delete',
): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return {
    message: message(sentence(code, doing), {
      path,
      error: error instanceof Error ? error.message : String(error),
    }),
    where: { file: path },
  };
}

function sentence(code: string, doing: 'create' | 'write' | 'read' | 'delete'): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'The disk is full: nothing can be written to {path}. Free some space, or choose another folder for runs.';
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return doing === 'read'
        ? '{path} cannot be read: permission denied. Check its permissions.'
        : 'The folder {path} is read-only. Choose another folder for runs, or change its permissions.';
    case 'ENOTDIR':
    case 'EEXIST':
      return '{path} is not a folder, so no run can be kept there. Choose another folder for runs.';
    case 'ENOENT':
      return '{path} does not exist any more.';
    case 'EMFILE':
    case 'ENFILE':
      return 'The system has too many open files to use {path}. Close some programs and try again.';
    default:
      switch (doing) {
        case 'create':
          return 'No run can be kept in {path}: {error}. Choose another folder for runs.';
        case 'write':
          return '{path} cannot be written: {error}.';
        case 'read':
          return '{path} cannot be read: {error}.';
        case 'delete':
          return '{path} cannot be deleted: {error}.';
      }
  }
}
