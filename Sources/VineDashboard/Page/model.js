// What the local API answers, and what follows from it.

/// Asked at each update, a few times a minute, and only while something is selected that they tell of.
export const OFTEN = ["status", "map", "vines", "voters", "drops", "relay", "events"];
export const SELDOM = ["blocks", "queues", "lndt", "certs"];
export const FOR = { vr: ["peers", "links"], vine: ["gndt"], block: [] };

const collator = new Intl.Collator("en", { numeric: true });
export const byName = (one, other) => collator.compare(one, other);

/// - Returns: the document, `{ missing: true }` where the daemon has no such view, or throws where there is no daemon.
export async function ask(view, signal) {
  const answer = await fetch(`/v1/${view}`, { signal, cache: "no-store" });
  const text = await answer.text();
  // A daemon without this view says 404, or 400 with an error document.
  if (answer.status === 404 || answer.status === 400) return { missing: true };
  if (!answer.ok) throw new Error(`${view}: HTTP ${answer.status}`);
  const document = JSON.parse(text);
  if (!document.schema?.startsWith(`vine-mesh.${view}/1`)) throw new Error(`${view}: schema ${document.schema}`);
  return document;
}

/// VRs that fell silent within this time of one another are taken for the other side of one partition.
const TOGETHER_SECONDS = 20;

/// Groups of VRs that are not reached: several that fell silent together, the largest first.
/// - Returns: `[{ sites, seconds }]`, and a map from site to the number of its group.
export function partitions(vrs) {
  const silent = vrs.filter((vr) => vr.state === "down" && vr.stateSeconds !== undefined)
    .sort((one, other) => one.stateSeconds - other.stateSeconds || byName(one.site, other.site));
  const groups = [];
  for (const vr of silent) {
    const last = groups.at(-1);
    if (last && vr.stateSeconds - last.newest <= TOGETHER_SECONDS) {
      last.sites.push(vr.site);
      last.newest = vr.stateSeconds;
    } else groups.push({ sites: [vr.site], seconds: vr.stateSeconds, newest: vr.stateSeconds });
  }
  const several = groups.filter((group) => group.sites.length > 1).sort((one, other) => other.sites.length - one.sites.length);
  const of = new Map();
  several.forEach((group, index) => group.sites.forEach((site) => of.set(site, index)));
  return { groups: several, of };
}

/// One word for how a VR is drawn.
export function condition(vr, parts) {
  if (vr.state === "down" && parts.of.has(vr.site)) return `apart${Math.min(parts.of.get(vr.site), 2)}`;
  return vr.state;
}

export const CONDITIONS = { up: "up", suspect: "suspected", down: "down", unknown: "not heard of yet" };

/// Sites by queue-VR that serves them.
export function served(vrs) {
  const by = new Map();
  for (const vr of vrs) if (vr.queueVR) by.set(vr.queueVR, [...(by.get(vr.queueVR) ?? []), vr.site]);
  return by;
}

const part = (text) => text.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);

/// A CIDR as numbers: `{ first, size }`.
export function range(block) {
  const [address, bits] = block.split("/");
  return { first: part(address), size: 2 ** (32 - Number(bits)) };
}

export const address = (value) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
