import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionRegistry, type Place } from './registry.ts';

const limits = { connections: 5, connectionsPerPrincipal: 2, unauthenticated: 3, unauthenticatedMs: 1000 };

function enter(registry: ConnectionRegistry): Place {
  const place = registry.enter();
  if (typeof place === 'string') throw new Error(place);
  return place;
}

test('those who have not logged in cannot take all places', () => {
  const registry = new ConnectionRegistry(limits);
  for (let i = 0; i < 3; i++) enter(registry);
  expect(registry.enter()).toBe('too-many-unauthenticated');
});

test('a login makes room for the next to log in, up to the limit in all', () => {
  const registry = new ConnectionRegistry(limits);
  for (let i = 0; i < 5; i++) expect(enter(registry).admit(`p${i}`)).toBe('admitted');
  expect(registry.enter()).toBe('too-many-connections');
});

test('a principal gets as many connections as the limit says, and another one when one of them ends', () => {
  const registry = new ConnectionRegistry(limits);
  const first = enter(registry);
  expect(first.admit('ana')).toBe('admitted');
  expect(enter(registry).admit('ana')).toBe('admitted');
  const third = enter(registry);
  expect(third.admit('ana')).toBe('too-many-for-principal');
  first.leave();
  expect(third.admit('ana')).toBe('admitted');
});

test('a connection that ended while its token was checked is not counted as anybody’s', () => {
  const registry = new ConnectionRegistry(limits);
  const place = enter(registry);
  place.leave();
  expect(place.admit('ana')).toBe('ended');
  expect(registry.counts).toEqual({ open: 0, unauthenticated: 0, principals: 0 });
});

test('a connection has one principal for life', () => {
  const place = enter(new ConnectionRegistry(limits));
  place.admit('ana');
  expect(() => place.admit('ben')).toThrow(TypeError);
});

test('new limits hold for those who come, not for those who are in', () => {
  const registry = new ConnectionRegistry(limits);
  const place = enter(registry);
  registry.setLimits({ ...limits, connections: 1 });
  expect(registry.enter()).toBe('too-many-connections');
  expect(place.admit('ana')).toBe('admitted');
});

test('whatever comes and goes in whatever order, the counts are those of who is in', () => {
  const step = fc.record({
    what: fc.constantFrom('enter', 'admit', 'leave'),
    who: fc.nat(9),
    name: fc.constantFrom('a', 'b'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const registry = new ConnectionRegistry(limits);
      const inside: { place: Place; principal?: string }[] = [];
      for (const { what, who, name } of steps) {
        const each = inside[who % Math.max(1, inside.length)];
        if (what === 'enter') {
          const place = registry.enter();
          if (typeof place !== 'string') inside.push({ place });
        } else if (what === 'admit' && each && each.principal === undefined) {
          if (each.place.admit(name) === 'admitted') each.principal = name;
        } else if (what === 'leave' && each) {
          each.place.leave();
          each.place.leave();
          inside.splice(inside.indexOf(each), 1);
        }
      }
      const principals = inside.flatMap(({ principal }) => principal ?? []);
      expect(registry.counts).toEqual({
        open: inside.length,
        unauthenticated: inside.length - principals.length,
        principals: new Set(principals).size,
      });
      expect(inside.length).toBeLessThanOrEqual(limits.connections);
      for (const name of principals) expect(principals.filter((each) => each === name).length).toBeLessThanOrEqual(2);
    }),
  );
});
