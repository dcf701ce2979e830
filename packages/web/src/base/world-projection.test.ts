import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAP_HEIGHT, MAP_WIDTH, project } from './world-projection.ts';

test('the world fills the map, and what is north and west is up and left', () => {
  const near = (value: number, wanted: number, what: string) =>
    assert.ok(Math.abs(value - wanted) < 0.5, `${what}: ${value}`);
  near(project(-180, 0)[0], 0, 'the date line');
  near(project(180, 0)[0], MAP_WIDTH, 'the date line from the other side');
  near(project(0, 51.5)[0], MAP_WIDTH / 2, 'Greenwich');
  const [north, south] = [project(0, 84)[1], project(0, -57)[1]];
  assert.ok(north >= 0 && north < 12, `${north}`);
  assert.ok(south > MAP_HEIGHT - 12 && south <= MAP_HEIGHT, `${south}`);
  const [zurich, sydney] = [project(8.54, 47.37), project(151.2, -33.87)];
  assert.ok(zurich[0] < sydney[0] && zurich[1] < sydney[1]);
});
