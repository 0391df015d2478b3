import type { Emission } from './emission.ts';
import type { Assembler, Emitter } from './members.ts';
import { isElement, isNode, nameOf, part, parts, wholeLiteral, type Node } from './syntax.ts';
import { truncatedPart } from './wholeNumbers.ts';

/**
 * Computes what is the same in every cell once, before the loop over cells: whole numbers read from a fixed place,
 * `clock[0] | 0`. Engines do not move them, and converting a float is slower than all else in a small kernel.
 */
export function hoist(emission: Emission, em: Emitter, assembler: Assembler): void {
  const walk = (node: Node): void => {
    const place = fixedPlace(node);
    const layout = place === undefined ? undefined : assembler.layout.arrays[place.array];
    if (place !== undefined && layout !== undefined && !emission.hoisted.has(place.key)) {
      // Under a condition the program may name an element that does not exist.
      if (place.element < layout.dims.reduce((product, size) => product * size, 1)) {
        const local = em.addLocal('i32');
        em.i32Const(0)
          .f32Load(layout.offset + 4 * place.element)
          .i32TruncSatF32S()
          .localSet(local);
        emission.hoisted.set(place.key, local);
      }
    }
    for (const child of parts(node)) walk(child);
  };
  walk(emission.node.getJsAST());
}

/** `exprBinary`: the number that was computed before the loop. */
export function readHoisted(emission: Emission, expression: unknown): 'i32' | undefined {
  const place = isNode(expression) ? fixedPlace(expression) : undefined;
  const local = place === undefined ? undefined : emission.hoisted.get(place.key);
  if (local === undefined) return undefined;
  emission.node.em.localGet(local);
  return 'i32';
}

/** Where `a[3] | 0` reads. */
function fixedPlace(node: Node): { array: string; element: number; key: string } | undefined {
  const read = truncatedPart(node);
  if (read === undefined || !isElement(read)) return undefined;
  const [array, element] = [nameOf(part(read, 'object')), wholeLiteral(part(read, 'property'))];
  if (array === undefined || element === undefined || element < 0) return undefined;
  return { array, element, key: `${array}[${element}]` };
}
