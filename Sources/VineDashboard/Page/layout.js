// Where each VR is drawn. It follows from the names, the roles and the queue-VRs alone, so that nothing moves between two
// updates unless one of these changed.

import { byName, served } from "./model.js";

/// Of the map, in its own units.
export const HEIGHT = 720;
const MARGIN = 75;
/// So few are simply on one ring, each limited-VR beside its queue-VR.
const FEW = 8;
const RADIUS = 322;

/// Public VRs are on a ring, each with a sector as wide as what it serves; limited-VRs are outside, in the sector of their
/// queue-VR, in as many rows as they need.
/// - Parameter mapWidth: of the map, in its own units.
/// - Returns: `{ places: Map(site -> { x, y, angle, isInner }), size }`, `size` being the radius of a VR.
export function layout(vrs, mapWidth) {
  const wide = (mapWidth / 2 - MARGIN) / RADIUS;
  const inner = vrs.filter((vr) => vr.role !== "limited").sort((one, other) => byName(one.site, other.site));
  const serves = served(vrs.filter((vr) => vr.role === "limited"));
  const known = new Set(inner.map((vr) => vr.site));
  const sectors = inner.map((vr) => ({ site: vr.site, limited: (serves.get(vr.site) ?? []).sort(byName) }));
  const stray = vrs.filter((vr) => vr.role === "limited" && !known.has(vr.queueVR)).map((vr) => vr.site).sort(byName);
  if (stray.length) sectors.push({ site: undefined, limited: stray });

  const size = vrs.length <= 12 ? 13 : vrs.length <= 60 ? 9 : vrs.length <= 150 ? 6.5 : 5;
  const places = new Map();
  const outside = sectors.some((sector) => sector.limited.length);
  const ring = outside ? RADIUS * (inner.length > 24 ? 0.63 : inner.length > 8 ? 0.5 : 0.4) : RADIUS * 0.78;
  if (vrs.length === 1) return { places: new Map([[vrs[0].site, { x: 0, y: 0, angle: 0, isInner: true }]]), size };

  if (vrs.length <= FEW) {
    const order = sectors.flatMap((sector) => [sector.site, ...sector.limited]).filter(Boolean);
    // Two lie beside one another, of more the first is at the top.
    const start = order.length === 2 ? Math.PI : -Math.PI / 2;
    const roles = new Map(vrs.map((vr) => [vr.site, vr.role]));
    order.forEach((site, index) => put(site, RADIUS * 0.7, start + (2 * Math.PI * index) / order.length, roles.get(site) !== "limited"));
    return { places, size };
  }

  // Also who serves nobody has room for itself on the ring.
  const weights = sectors.map((sector) => 3 + (inner.length > 24 ? 0.6 : 2) * sector.limited.length);
  const sum = weights.reduce((one, other) => one + other, 0);
  // The first is at the top.
  let angle = -Math.PI / 2 - (Math.PI * weights[0]) / sum;
  sectors.forEach((sector, index) => {
    const width = (2 * Math.PI * weights[index]) / sum;
    const middle = angle + width / 2;
    if (sector.site) put(sector.site, ring, middle, true);
    rows(sector.limited, width, middle);
    angle += width;
  });
  return { places, size };

  function put(site, radius, at, isInner) {
    places.set(site, { x: radius * wide * Math.cos(at), y: radius * Math.sin(at), angle: at, isInner });
  }

  function rows(sites, width, middle) {
    const first = ring + Math.max(46, size * 6);
    const count = sites.length;
    if (!count) return;
    const gap = size * (vrs.length <= 40 ? 5 : 2.6);
    let rowCount = 1;
    const room = (radius) => Math.max(1, Math.floor((width * 0.92 * radius) / gap));
    const radius = (row) => rowCount === 1 ? (first + 2 * RADIUS) / 3 : first + ((RADIUS - first) * row) / (rowCount - 1);
    const total = () => Array.from({ length: rowCount }, (_, row) => room(radius(row))).reduce((one, other) => one + other, 0);
    while (total() < count && rowCount < 12) rowCount += 1;
    const share = Math.ceil(count / rowCount);
    for (let row = 0, next = 0; next < count; row += 1) {
      const here = sites.slice(next, next + share);
      const step = Math.min((width * 0.92) / here.length, (gap * 1.9) / radius(Math.min(row, rowCount - 1)));
      here.forEach((site, index) => put(site, radius(Math.min(row, rowCount - 1)), middle + (index - (here.length - 1) / 2) * step, false));
      next += here.length;
    }
  }
}
