/**
 * Equal Earth (Šavrič, Patterson and Jenny, 2018): a flat world whose areas are true and whose shapes look right. Of use to whoever draws the
 * outline when the web console is built, and to whoever puts points on it.
 */
const A1 = 1.340264;
const A2 = -0.081106;
const A3 = 0.000893;
const A4 = 0.003796;
const M = Math.sqrt(3) / 2;

export const MAP_WIDTH = 960;
/** Down to 58° south: below it there is Antarctica alone. */
export const MAP_HEIGHT = 420;
/** At the equator, all 360 degrees fill the width. */
const SCALE = (MAP_WIDTH * 3 * A1) / (4 * Math.sqrt(3) * Math.PI);
/** y of 84° north, above which there is no land. */
const TOP = 233;

/** Degrees to units of the map, from its top left. */
export function project(longitude: number, latitude: number): readonly [x: number, y: number] {
  const lambda = (longitude * Math.PI) / 180;
  const l = Math.asin(M * Math.sin((latitude * Math.PI) / 180));
  const l2 = l * l;
  const l6 = l2 * l2 * l2;
  const x = (lambda * Math.cos(l)) / (M * (A1 + 3 * A2 * l2 + l6 * (7 * A3 + 9 * A4 * l2)));
  const y = l * (A1 + A2 * l2 + l6 * (A3 + A4 * l2));
  return [MAP_WIDTH / 2 + x * SCALE, TOP - y * SCALE];
}
