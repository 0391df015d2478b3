import { Emission } from './emission.ts';
import { importMathAsDouble, joinLoadAndSplat } from './emitterFixes.ts';
import { readHoisted } from './hoisting.ts';
import { assign, compare, declareLanes, declareShared, readLanes } from './integerLocals.ts';
import { emitLaneLoads, emitSharedLoad } from './loads.ts';
import { isAssembler, isFunctionNode } from './members.ts';
import type { Parts } from './parts.ts';
import { QuadLoops } from './quadLoop.ts';
import type { Replacements } from './replacements.ts';
import { isNode } from './syntax.ts';

/** Puts all fixes in place. Kernels that GPU.js translates from then on are faster, and compute the same. */
export function applyFixes(replacements: Replacements, { node, kernel, emitter, builder }: Parts): void {
  joinLoadAndSplat(replacements, emitter);
  importMathAsDouble(replacements, emitter, builder);
  const emissions = new WeakMap<object, Emission>();
  fixLoops(replacements, node, kernel, emissions);
  fixStatements(replacements, node, emissions);
}

/** Where a kernel's emission begins, and the loop around its four-lane version. */
function fixLoops(
  replacements: Replacements,
  node: object,
  kernel: object,
  emissions: WeakMap<object, Emission>,
): void {
  replacements.replace(
    node,
    'emitFunction',
    (original) =>
      function (...args) {
        // Helper functions keep the shipped code: what their arguments hold is not known.
        if (isFunctionNode(this) && isAssembler(args[0]) && this.isRootKernel)
          emissions.set(this, new Emission(this));
        return original.apply(this, args);
      },
  );
  const loops = new QuadLoops();
  replacements.replace(
    node,
    'emitVectorFunction',
    (original) =>
      function (...args) {
        const [assembler] = args;
        const emission = typeof this === 'object' && this !== null ? emissions.get(this) : undefined;
        const isEmitted =
          emission !== undefined &&
          isAssembler(assembler) &&
          loops.emit(emission, assembler, (own) => original.call(this, own));
        return isEmitted ? undefined : original.apply(this, args);
      },
  );
  replacements.replace(
    kernel,
    '_emitRunSimd',
    (original) =>
      function (...args) {
        const [builder] = args;
        const isDone = typeof builder === 'object' && builder !== null && loops.has(builder);
        return isDone ? undefined : original.apply(this, args);
      },
  );
}

/** Loads, and locals that hold whole numbers. */
function fixStatements(replacements: Replacements, node: object, emissions: WeakMap<object, Emission>): void {
  type Shipped = (...args: unknown[]) => unknown;
  const fix = (name: string, by: (emission: Emission, args: unknown[], shipped: Shipped) => unknown): void =>
    replacements.replace(
      node,
      name,
      (original) =>
        function (...args) {
          // While GPU.js only analyses, and in helper functions, there is no emission.
          const emission = typeof this === 'object' && this !== null ? emissions.get(this) : undefined;
          return emission === undefined
            ? original.apply(this, args)
            : by(emission, args, (...own) => original.apply(this, own));
        },
    );
  /** A fix that answers whether it has emitted the statement. */
  const fixStatement = (name: string, by: (emission: Emission, statement: unknown) => boolean): void =>
    fix(name, (emission, args, shipped) => (by(emission, args[0]) ? undefined : shipped(...args)));

  fix('emitFlatLoad', (emission, args, shipped) => emitSharedLoad(emission, args) ?? shipped(...args));
  fix('vGather', (emission, args, shipped) => emitLaneLoads(emission, args) ?? shipped(...args));
  fix(
    'exprBinary',
    (emission, args, shipped) =>
      readHoisted(emission, args[0]) ?? compare(emission, args[0]) ?? shipped(...args),
  );
  fix('vexprIdentifier', (emission, args, shipped) => readLanes(emission, args[0]) ?? shipped(...args));
  fix('stmtVariableDeclaration', (emission, args, shipped) => {
    const [declaration] = args;
    if (!isNode(declaration)) return shipped(...args);
    declareShared(emission, declaration, (declarator) =>
      shipped({ ...declaration, declarations: [declarator] }),
    );
    return undefined;
  });
  fixStatement('vDeclareVarying', declareLanes);
  fixStatement('emitAssignment', assign);
  fixStatement('vAssign', assign);
}
