import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';
import { MAP_HEIGHT, project } from '../src/base/world-projection.ts';

const NAME = 'virtual:world-outline';
/** Land of Natural Earth (public domain) at 1:110 million, as TopoJSON. */
const SOURCE = 'world-atlas/land-110m.json';
/** Islands smaller than this in each direction (units of the map) are no more than noise. */
const SMALLEST = 2;

interface Topology {
  readonly transform: { readonly scale: readonly [number, number]; readonly translate: readonly [number, number] };
  /** Each point as its distance from the one before it. */
  readonly arcs: readonly (readonly (readonly [number, number])[])[];
  readonly objects: {
    readonly land: { readonly geometries: readonly { readonly arcs: readonly (readonly (readonly number[])[])[] }[] };
  };
}

type Point = readonly [number, number];

/** The outline of the world as one SVG file, drawn when the web console is built: the browser gets no map data and no code to read it. */
export function worldOutline(): Plugin {
  return {
    name: 'zeronaut-world-outline',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      const file = createRequire(import.meta.url).resolve(SOURCE);
      const path = outlineOf(JSON.parse(readFileSync(file, 'utf8')));
      const source = `<svg xmlns="http://www.w3.org/2000/svg"><path id="land" d="${path}"/></svg>`;
      const fileName = `assets/world-outline-${createHash('sha256').update(source).digest('base64url').slice(0, 8)}.svg`;
      this.emitFile({ type: 'asset', fileName, source });
      return `export const worldOutline = ${JSON.stringify(`/${fileName}#land`)};`;
    },
  };
}

function outlineOf({ transform: { scale, translate }, arcs, objects }: Topology): string {
  const lines = arcs.map((arc) => {
    let [x, y] = [0, 0];
    return arc.map(([dx, dy]): Point => {
      x += dx;
      y += dy;
      return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
    });
  });
  // `~n` stands for arc n the other way round.
  const line = (index: number) => (index < 0 ? lines[~index]!.toReversed() : lines[index]!);
  const rings = objects.land.geometries.flatMap(({ arcs: polygons }) => polygons.flat());
  return rings
    .map((ring) => ring.flatMap((index, at) => line(index).slice(at === 0 ? 0 : 1)))
    .flatMap(besideDateLine)
    .map((ring) => ring.map(([longitude, latitude]) => project(longitude, latitude)))
    .filter(isShown)
    .map((ring) => `M${ring.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}Z`)
    .join('');
}

/** Land that goes over the date line is drawn whole on both sides of it; the edges of the map cut off what is beyond. */
function besideDateLine(ring: readonly Point[]): readonly (readonly Point[])[] {
  let turn = 0;
  let before = ring[0]![0];
  const whole = ring.map(([longitude, latitude]): Point => {
    if (Math.abs(longitude - before) > 180) turn += longitude < before ? 360 : -360;
    before = longitude;
    return [longitude + turn, latitude];
  });
  const shifted = (by: number) => whole.map(([longitude, latitude]): Point => [longitude + by, latitude]);
  if (whole.some(([longitude]) => longitude > 180)) return [whole, shifted(-360)];
  return whole.some(([longitude]) => longitude < -180) ? [whole, shifted(360)] : [whole];
}

function isShown(ring: readonly Point[]): boolean {
  const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
  const span = (values: number[]) => Math.max(...values) - Math.min(...values);
  return Math.min(...ys) < MAP_HEIGHT && (span(xs) > SMALLEST || span(ys) > SMALLEST);
}
