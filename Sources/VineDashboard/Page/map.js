// The map: VRs, links, what is chosen.

import { h, svg, show, rate, figure, badge, seconds } from "./elements.js";
import { HEIGHT, layout } from "./layout.js";
import { byName, condition, CONDITIONS, partitions } from "./model.js";

/// Beyond this not every link is drawn, and not every VR has its name beside it.
const FEW = 12;
const MANY = 40;

export class MeshMap {
  #root = document.getElementById("map");
  #select;
  #places = new Map();
  #order = [];
  #focus;

  constructor(select) {
    this.#select = select;
    this.#root.addEventListener("click", (event) => {
      const site = event.target.closest("[data-site]")?.dataset.site;
      if (site) this.#select("vr", site);
    });
    this.#root.addEventListener("keydown", (event) => this.#key(event));
    this.#root.addEventListener("blur", () => this.#mark(undefined));
  }

  /// - Parameter chosen: `{ kind, name, vine, edges }`.
  draw(map, chosen, vines) {
    const parts = partitions(map.vrs);
    const width = HEIGHT * Math.max(0.9, Math.min(2.1, this.#root.clientWidth / this.#root.clientHeight || 1.5));
    this.#root.setAttribute("viewBox", `${-width / 2} ${-HEIGHT / 2} ${width} ${HEIGHT}`);
    const { places, size } = layout(map.vrs, width);
    const by = new Map(map.vrs.map((vr) => [vr.site, vr]));
    this.#places = places;
    this.#order = map.vrs.map((vr) => vr.site).sort(byName);
    const focus = chosen.kind === "vr" && chosen.name !== map.site ? chosen.name : undefined;
    const members = this.#members(chosen, vines);
    const edges = this.#edges(map, by, parts, chosen, focus);
    const near = new Set(focus ? edges.filter((edge) => edge.isChosen).flatMap((edge) => [edge.from, edge.to]) : []);
    const named = (vr) => map.vrs.length <= MANY || vr.isSelf || vr.site === chosen.name || near.has(vr.site);
    const view = { size, places, parts, members, focus, near, named, chosen, total: map.vrs.length };
    show(this.#root,
      svg("g", { class: "edges" }, edges.filter((edge) => !edge.isChosen).map((edge) => this.#edge(edge, view))),
      svg("g", { class: "edges" }, edges.filter((edge) => edge.isChosen).map((edge) => this.#edge(edge, view))),
      svg("g", { class: "figures" }, edges.filter((edge) => edge.hasFigure).map((edge) => this.#figure(edge, view))),
      svg("g", { class: "vrs" }, map.vrs.map((vr) => this.#vr(vr, view))));
    this.#root.classList.toggle("many", map.vrs.length > MANY);
    this.#mark(this.#focus);
    const measured = edges.filter((edge) => edge.mbps !== undefined).length;
    document.getElementById("drawn").textContent = `${map.vrs.length} VRs, ${measured} of ${map.links.length} measured links`;
    return parts;
  }

  #members(chosen, vines) {
    const name = chosen.kind === "vine" ? chosen.name : chosen.vine;
    const vine = name && vines?.find((one) => one.name === name);
    return vine ? new Set(vine.participants) : undefined;
  }

  // Which links are drawn, and which with their figure.
  #edges(map, by, parts, chosen, focus) {
    const key = (one, other) => [one, other].sort(byName).join(" ");
    const measured = new Map(map.links.map((link) => [key(link.from, link.to), link]));
    const edges = new Map();
    const add = (from, to, more) => {
      if (!by.has(from) || !by.has(to)) return;
      const name = key(from, to);
      const mbps = measured.get(name)?.bandwidthMbps;
      edges.set(name, { from, to, mbps, ...edges.get(name), ...more });
    };
    const isInner = (site) => by.get(site)?.role !== "limited";
    const few = map.vrs.length <= FEW;
    const inner = map.links.filter((link) => isInner(link.from) && isInner(link.to));
    const drawn = {
      auto: () => few ? map.links : map.vrs.length <= MANY ? inner : [],
      all: () => map.links,
      slow: () => [...map.links].sort((one, other) => one.bandwidthMbps - other.bandwidthMbps).slice(0, Math.ceil(map.links.length / 10)),
      none: () => [],
    }[chosen.edges]();
    for (const link of drawn) add(link.from, link.to, { hasFigure: few || chosen.edges === "slow" && drawn.length <= MANY });
    for (const vr of map.vrs) {
      if (vr.queueVR && vr.role === "limited") add(vr.site, vr.queueVR, { isChannel: true, hasFigure: map.vrs.length <= MANY });
      if (vr.path === "direct" && map.vrs.length <= FEW) add(map.site, vr.site, { isDirect: true });
      if (vr.standsInFor) add(vr.site, vr.standsInFor, { standsIn: true });
    }
    if (focus) {
      for (const link of map.links) {
        if (link.from === focus || link.to === focus) add(link.from, link.to, { isChosen: true, hasFigure: true });
      }
      for (const edge of [...edges.values()]) {
        if (edge.isChannel && (edge.from === focus || edge.to === focus)) {
          add(edge.from, edge.to, { isChosen: true, hasFigure: edge.mbps !== undefined });
        }
      }
      // What is not of the chosen VR has no figure beside it.
      for (const edge of edges.values()) if (!edge.isChosen) edge.hasFigure = false;
    }
    for (const edge of edges.values()) {
      const ends = [edge.from, edge.to].map((site) => condition(by.get(site), parts));
      edge.tone = ends[0] === ends[1] ? (ends[0] === "up" ? "" : ends[0]) : "broken";
      if (edge.mbps === undefined) edge.hasFigure = false;
    }
    return [...edges.values()];
  }

  #curve(edge, view) {
    const [one, other] = [view.places.get(edge.from), view.places.get(edge.to)];
    const middle = { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
    // Between VRs of the ring lines bend to its middle, so that they do not run through those beside them.
    const bend = one.isInner && other.isInner && view.total > FEW ? 0.55 : edge.isChannel || view.total <= FEW ? 1 : 0.8;
    const through = { x: middle.x * bend, y: middle.y * bend };
    return { one, other, through };
  }

  #edge(edge, view) {
    const { one, other, through } = this.#curve(edge, view);
    const dim = (view.focus && !edge.isChosen) ||
      (view.members && !(view.members.has(edge.from) && view.members.has(edge.to)));
    const names = ["edge", edge.isChannel && "channel", edge.isDirect && "direct", edge.standsIn && "standsin", edge.isChosen && "chosen", edge.tone, dim && "dim"];
    const width = edge.mbps === undefined || view.total > 150 && !edge.isChosen ? 1 : Math.max(0.8, Math.min(5, 0.7 + Math.log10(1 + edge.mbps) * 1.1));
    return svg("path", {
      class: names.filter(Boolean).join(" "), "data-edge": `${edge.from} ${edge.to}`, "stroke-width": width.toFixed(1),
      d: `M${one.x.toFixed(1)} ${one.y.toFixed(1)}Q${through.x.toFixed(1)} ${through.y.toFixed(1)} ${other.x.toFixed(1)} ${other.y.toFixed(1)}`,
    });
  }

  #figure(edge, view) {
    const { one, other, through } = this.#curve(edge, view);
    // Nearer to the end that has room: the outer one of a fan.
    const at = edge.from === view.focus ? 0.68 : edge.to === view.focus ? 0.32 : edge.isChannel ? 0.42 : 0.5;
    const point = (axis) => (1 - at) ** 2 * one[axis] + 2 * at * (1 - at) * through[axis] + at ** 2 * other[axis];
    return svg("text", { class: "figure", x: point("x").toFixed(1), y: (point("y") + 3.5).toFixed(1) },
      view.total <= FEW ? rate(edge.mbps) : figure(edge.mbps, "", edge.mbps >= 100 ? 0 : 1));
  }

  #vr(vr, view) {
    const { x, y, angle, isInner } = view.places.get(vr.site);
    const tone = condition(vr, view.parts);
    const dim = (view.members && !view.members.has(vr.site)) || (view.focus && vr.site !== view.focus && !view.near.has(vr.site) && !vr.isSelf);
    const size = isInner ? view.size : view.size * 0.82;
    const names = ["vr", tone, vr.role, vr.isSelf && "self", vr.isVoter && "voter", vr.isLeader && "leader",
      vr.site === view.chosen.name && view.chosen.kind === "vr" && "chosen", view.members?.has(vr.site) && "member", dim && "dim"];
    const since = vr.stateSeconds === undefined ? "" : ` for ${seconds(vr.stateSeconds)}`;
    const told = [vr.site, vr.isSelf && "this VR", `${CONDITIONS[vr.state]}${since}`, vr.role, vr.queueVR && `queue-VR ${vr.queueVR}`,
      vr.isLeader ? "leads the registry" : vr.isVoter && "votes"].filter(Boolean).join(", ");
    const shape = vr.role === "limited"
      ? svg("rect", { class: "body", x: -size, y: -size, width: 2 * size, height: 2 * size, rx: size * 0.35 })
      : svg("circle", { class: "body", r: size });
    const isMarked = vr.state === "down" || vr.state === "suspect";
    const arm = size * 0.42;
    return svg("g", {
      class: names.filter(Boolean).join(" "), "data-site": vr.site, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
      role: "button", "aria-label": told, id: `vr-${vr.site}`,
    },
    svg("title", {}, told),
    svg("circle", { class: "halo", r: size + 5 }), shape,
    vr.isVoter && svg("circle", { class: "vote", r: size * 0.45 }),
    isMarked && (vr.state === "down"
      ? svg("path", { class: "cross", d: `M${-arm} ${-arm}L${arm} ${arm}M${-arm} ${arm}L${arm} ${-arm}` })
      : svg("text", { class: "cross", y: size * 0.45, "font-size": (size * 1.4).toFixed(1) }, "?")),
    view.total > MANY && isInner ? this.#radial(vr, view, size) : view.named(vr) && this.#name(vr, view, size, isInner, angle));
  }

  #name(vr, view, size, isInner, angle) {
    // Above at the top of the ring, where lines go down from it.
    const isAbove = view.total > FEW && isInner && Math.sin(angle) < -0.2;
    const below = isAbove ? -(size + 5) : size + 13;
    return svg("text", { class: "name", y: below.toFixed(1) }, vr.site);
  }

  // Public VRs of a large mesh have their names along the radius, inside the ring.
  #radial(vr, view, size) {
    const place = view.places.get(vr.site);
    const turn = (Math.atan2(place.y, place.x) * 180) / Math.PI;
    const isLeft = Math.abs(turn) > 90;
    return svg("text", {
      class: `name radial ${isLeft ? "left" : "right"} ${view.named(vr) ? "named" : ""}`, x: isLeft ? size + 4 : -(size + 4), y: 3,
      transform: `rotate(${(isLeft ? turn + 180 : turn).toFixed(1)})`,
    }, vr.site);
  }

  // Keyboard: one stop for the whole map, arrows go through the VRs by name or to the next one in their direction.
  #key(event) {
    const here = this.#focus ?? this.#order[0];
    const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
    if (steps[event.key]) this.#mark(this.#next(here, steps[event.key]));
    else if (event.key === "Home") this.#mark(this.#order[0]);
    else if (event.key === "End") this.#mark(this.#order.at(-1));
    else if ((event.key === "Enter" || event.key === " ") && this.#focus) this.#select("vr", this.#focus);
    else if (event.key === "Escape") this.#select();
    else return;
    event.preventDefault();
  }

  #next(site, [dx, dy]) {
    const from = this.#places.get(site);
    if (!from || !this.#focus) return site;
    let best;
    for (const other of this.#order) {
      const to = this.#places.get(other);
      const along = (to.x - from.x) * dx + (to.y - from.y) * dy;
      const aside = Math.abs((to.x - from.x) * dy) + Math.abs((to.y - from.y) * dx);
      if (other === site || along <= 1) continue;
      const cost = along + 2.5 * aside;
      if (!best || cost < best.cost) best = { other, cost };
    }
    return best?.other ?? site;
  }

  #mark(site) {
    this.#focus = site;
    this.#root.querySelectorAll(".vr.focus").forEach((node) => node.classList.remove("focus"));
    const node = site && document.getElementById(`vr-${site}`);
    node?.classList.add("focus");
    if (node) this.#root.setAttribute("aria-activedescendant", node.id);
    else this.#root.removeAttribute("aria-activedescendant");
  }
}

/// What the marks mean, and the groups that are not reached.
export function legend(root, map, parts) {
  const mark = (className, text) => h("span", { class: "key" }, h("i", { class: className }), text);
  const has = (test) => map.vrs.some(test);
  show(root,
    mark("up public", "public"), has((vr) => vr.role === "limited") && mark("up limited", "limited, in its queue-VR's sector"),
    mark("up self", "this VR"), mark("up voter", "votes"),
    has((vr) => vr.state === "suspect") && mark("suspect", "suspected"),
    has((vr) => vr.state === "down" && !parts.of.has(vr.site)) && mark("down", "down"),
    has((vr) => vr.state === "unknown") && mark("unknown", "not heard of yet"),
    mark("line channel", "channel to its queue-VR"), mark("line", "measured link, Mbit/s"),
    parts.groups.map((group, index) => h("span", { class: "key" }, h("i", { class: `apart${Math.min(index, 2)}` }),
      `not reached: ${group.sites.length} VRs that fell silent together`, " ", badge(`${seconds(group.seconds)} ago`))));
}
