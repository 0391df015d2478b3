import { emitAddress, emitElement, emitElements, isInside, placeOf, type Place } from './address.ts';
import type { Emission } from './emission.ts';
import { load32Lane, load32Splat } from './instructions.ts';
import type { ArrayLayout, Emitter } from './members.ts';
import { isNode } from './syntax.ts';

/**
 * `emitFlatLoad`: loads one element that all lanes share. The index is computed in i32, its constant part becomes the
 * load's own offset, and the clamp that guards loads under a lane mask is left out where the bounds show that it does
 * nothing.
 */
export function emitSharedLoad(emission: Emission, args: readonly unknown[]): 'f32' | undefined {
  const found = loadOf(emission, args);
  if (found === undefined) return undefined;
  const { layout, place } = found;
  const { node } = emission;
  const length = layout.dims.reduce((product, size) => product * size, 1);
  if (node.vec && node.vMaskDepth > 0 && !isInside(place, length)) {
    emitElement(emission, place, true);
    node.emitClampScalarIndex(length - 1);
    node.em.i32Const(2).i32Shl().f32Load(layout.offset);
  } else {
    const offset = emitAddress(emission, place, layout);
    node.em.f32Load(offset);
  }
  return 'f32';
}

/**
 * `vGather`: loads one element for each lane. Four neighbours are one vector load instead of four scalar loads with
 * clamps; lanes with another fixed stride need one address. Under a lane mask the inactive lanes may point anywhere,
 * so there the vector load is taken only if all four elements exist, else the clamped loads.
 */
export function emitLaneLoads(emission: Emission, args: readonly unknown[]): 'vf32' | undefined {
  const found = loadOf(emission, args);
  if (found === undefined) return undefined;
  const { layout, place } = found;
  const { em, vMaskDepth, vRetMask } = emission.node;
  const length = layout.flatLength ?? layout.dims.reduce((product, size) => product * size, 1);
  const allActive = vMaskDepth === 0 && vRetMask === -1;
  // Lanes with a stride follow from numbers that all lanes share, whose bounds hold for inactive lanes too. Other
  // locals of an inactive lane may never have been assigned.
  const isSafe = allActive || isInside(place, length);
  if (place.stride === 1 && isSafe) {
    const offset = emitAddress(emission, place, layout);
    em.v128Load(offset, 2);
  } else if (place.stride === 1 && length >= 4) {
    const first = em.addLocal('i32');
    emitElement(emission, place, true);
    em.localTee(first)
      .i32Const(length - 4)
      .i32LeU()
      .if_('v128');
    em.localGet(first).i32Const(2).i32Shl().v128Load(layout.offset, 2);
    em.else_().localGet(first);
    emission.spread(1);
    emitGather(em, layout.offset, length);
    em.end();
  } else if (place.stride !== undefined && place.stride > 0 && isSafe) {
    emitStrided(emission, place, layout, place.stride);
  } else {
    emitElements(emission, place);
    emitGather(em, layout.offset, allActive && isInside(place, length) ? undefined : length);
  }
  return 'vf32';
}

/** Four loads at fixed distances from one address. */
function emitStrided(emission: Emission, place: Place, layout: ArrayLayout, stride: number): void {
  const { em } = emission.node;
  const address = em.addLocal('i32');
  const offset = emitAddress(emission, place, layout);
  em.localTee(address);
  load32Splat(em, offset);
  loadOtherLanes(em, (lane) => {
    em.localGet(address);
    return offset + 4 * stride * lane;
  });
}

/** Four loads at the elements on the stack, clamped into the array where its length is given. */
function emitGather(em: Emitter, offset: number, length: number | undefined): void {
  if (length !== undefined) {
    const last = length - 1;
    em.v128ConstI32x4(0, 0, 0, 0).i32x4MaxS().v128ConstI32x4(last, last, last, last).i32x4MinS();
  }
  const addresses = em.addLocal('v128');
  em.i32Const(2).i32x4Shl().localTee(addresses).i32x4ExtractLane(0);
  load32Splat(em, offset);
  loadOtherLanes(em, (lane) => {
    em.localGet(addresses).i32x4ExtractLane(lane);
    return offset;
  });
}

/** Fills lanes 1 to 3 of the vector on the stack; `emitLaneAddress` leaves an address and returns the load's offset. */
function loadOtherLanes(em: Emitter, emitLaneAddress: (lane: number) => number): void {
  const value = em.addLocal('v128');
  for (const lane of [1, 2, 3]) {
    em.localSet(value);
    const offset = emitLaneAddress(lane);
    em.localGet(value);
    load32Lane(em, offset, lane);
  }
}

function loadOf(
  emission: Emission,
  [table, name, x, y, z]: readonly unknown[],
): { layout: ArrayLayout; place: Place } | undefined {
  if ((table !== 'arrays' && table !== 'constantArrays') || typeof name !== 'string') return undefined;
  const layout = emission.node.assembler.layout[table][name];
  if (layout === undefined) return undefined;
  const indices = [x, y, z].map((index) => (isNode(index) ? index : undefined));
  const place = placeOf(emission, layout, indices);
  return place === undefined ? undefined : { layout, place };
}
