/** The page's own icons: strokes on a 16 × 16 grid in the colour of the text around them. */
const shapes = {
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M5 3l7.5 5L5 13z',
  stop: 'M4 4h8v8H4z',
  again: 'M13 3v3.5H9.5M12.7 6.3A5 5 0 1 0 13 9',
  flask: 'M6 2h4M6.8 2v4L3.2 13a.7.7 0 0 0 .6 1h8.4a.7.7 0 0 0 .6-1L9.2 6V2M5 10.5h6',
  export: 'M8 10V2M5 5l3-3 3 3M3 9v4.5h10V9',
  save: 'M3 3h8l2 2v8H3zM5.5 3v3.5h5V3M5 13V9.5h6V13',
  log: 'M2.5 3h11v10h-11zM5 6l2 2-2 2M8.5 10.5H11',
  busy: 'M8 2.5A5.5 5.5 0 1 1 2.5 8',
  done: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM5.2 8.2l2 2 3.6-4.2',
  error: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4',
  warning: 'M8 2.2L14.2 13.5H1.8zM8 6.5v3.5M8 11.6v.4',
} as const;
export type IconName = keyof typeof shapes;

const svgNamespace = 'http://www.w3.org/2000/svg';

/** An icon for the eyes only; the text beside it says the same. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', name === 'busy' ? 'icon icon-spin' : 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svgNamespace, 'path');
  path.setAttribute('d', shapes[name]);
  svg.append(path);
  return svg;
}
