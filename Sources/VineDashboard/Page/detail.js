// What is known of one VR, ViNe or block.

import { h, show, facts, table, link, badge, seconds, bytes, figure, rate, count, short, command, dash } from "./elements.js";
import { byName, CONDITIONS, condition, partitions, served, range, address } from "./model.js";

export function detail(root, data, chosen) {
  const parts = { vr: vrDetail, vine: vineDetail, block: blockDetail }[chosen.kind]?.(data, chosen.name);
  show(root, parts ?? [h("h2", {}, chosen.name), h("p", { class: "empty" }, "The mesh does not know this any more.")]);
}

const join = (items) => items.flatMap((item, index) => (index ? [", ", item] : [item]));

function vrDetail(data, site) {
  const vr = data.map.vrs.find((one) => one.site === site);
  if (!vr) return undefined;
  const peer = data.peers?.peers?.find((one) => one.site === site);
  const own = data.links?.links?.find((one) => one.path && one.to === site);
  const parts = partitions(data.map.vrs);
  const serves = (served(data.map.vrs).get(site) ?? []).sort(byName);
  const since = vr.stateSeconds === undefined ? "" : ` for ${seconds(vr.stateSeconds)}`;
  return [
    h("h2", {}, site, " ", badge(CONDITIONS[vr.state], condition(vr, parts)), vr.isSelf && badge("this VR", "self")),
    h("p", { class: "node" }, h("code", { title: vr.node }, short(vr.node)), `, vine-mesh ${vr.softwareVersion || "of a version not told yet"}`),
    vr.state !== "up" && advice(vr, since),
    facts([
      ["role", vr.isSelf ? `${vr.role}: ${data.status.roleReason}` : vr.role],
      ["reached at", vr.endpoints.length ? vr.endpoints.join(", ") : "no public endpoint"],
      ["queue-VR", vr.queueVR && [link("vr", vr.queueVR), vr.isSelf && queueWords(data.status.queueVR)]],
      ["from here", vr.isSelf ? undefined : way(vr, peer)],
      ["heard", peer && (peer.heardSecondsAgo === undefined ? "no session" : `${seconds(peer.heardSecondsAgo)} ago`)],
      ["session", peer?.cipher && `${peer.cipher}, ${seconds(peer.sessionAgeSeconds)} old`],
      ["RTT, loss", peer && `${figure(own?.rttMs ?? peer.rttMs, "ms")}, ${figure(own?.lossPercent, "%")}`],
      ["bandwidth", own && `${rate(own.outMbps)} to it, ${rate(own.inMbps)} from it`],
      ["measured", own?.measuredSecondsAgo !== undefined && `${seconds(own.measuredSecondsAgo)} ago, ${own.confidencePercent ?? "–"} % sure`],
      ["packets up to", own?.innerMtu && `${own.innerMtu} bytes in one piece`],
      ["last error", own?.lastError && `${own.lastError}, ${seconds(own.lastErrorSecondsAgo)} ago`],
      ["sent", peer && `${count(peer.sentPackets)} packets, ${bytes(peer.sentBytes)}`],
      ["received", peer && `${count(peer.receivedPackets)} packets, ${bytes(peer.receivedBytes)}`],
      ["registry", vr.isLeader ? "leads" : vr.isVoter ? "votes" : "observes"],
      ["blocks", vr.blocks.length && join(vr.blocks.map((block) => link("block", block)))],
      ["ViNes", vr.vines.length && join(vr.vines.map((vine) => link("vine", vine)))],
      ["second VR", vr.secondVR && link("vr", vr.secondVR)],
      ["stands in for", vr.standsInFor && link("vr", vr.standsInFor)],
      ["serves", serves.length && [`${serves.length} limited-VRs: `, join(serves.slice(0, 12).map((one) => link("vr", one))), serves.length > 12 && ` and ${serves.length - 12} more`]],
    ]),
    vr.isSelf && selfDetail(data),
    linksOf(data, site),
    !vr.isSelf && h("p", { class: "more" }, command(`vine-mesh relay probe ${site}`), " measures this link now"),
  ];
}

function advice(vr, since) {
  const text = { down: "No answer", suspect: "Does not answer, and may still refute it", unknown: "Admitted; nothing was heard of it yet" }[vr.state];
  return h("p", { class: "advice" }, text, since, ".", vr.state === "down" && [" Its log tells why; if it is gone for good: ", command(`vine-mesh peer revoke ${vr.site}`)]);
}

function way(vr, peer) {
  const words = { direct: "directly, by UDP", channel: "by its TCP channel", relay: "through a queue-VR", none: "no session" }[vr.path ?? "none"];
  return [words, vr.path === "direct" && peer?.via ? ` at ${peer.via}` : "", vr.path === "relay" && vr.via ? [", ", link("vr", vr.via)] : ""];
}

function queueWords(line) {
  if (!line) return "";
  return ` for ${seconds(line.sinceSeconds)}${line.connected ? "" : ", channel closed"}, ${rate(line.bandwidthMbps)}, ${figure(line.rttMs, "ms")}`;
}

function selfDetail(data) {
  const { status, lndt, certs } = data;
  return [
    h("h3", {}, "This site"),
    facts([
      ...status.ownBlocks.map((own) => ["block", [link("block", own.block), `, gateway ${own.gateway}, ${own.hosts} of ${own.hostsMax} hosts`, own.mirror && `, seen as ${own.mirror}`]]),
      ["routes", status.mesh.routes?.join(", ")],
      ["hosts", lndt?.hosts && `${lndt.hosts.length} in ViNes`],
      ["policy", status.policy],
      ["other VR", status.failOver && [link("vr", status.failOver.other), status.failOver.standsIn ? ", the second one stands in" : status.failOver.isAgreed ? "" : ", not agreed"]],
      ["capture", status.dataPlane?.capture], ["injection", status.dataPlane?.injection], ["sealing", status.dataPlane?.cryptography],
      ["certificate", `${Math.floor(status.certificate.daysLeft)} days left${certs?.problem ? `; not renewed yet: ${certs.problem}` : ""}`],
      ["waiting for", status.convergence.waitingFor.length && h("ul", {}, status.convergence.waitingFor.map((line) => h("li", {}, line)))],
    ]),
  ];
}

function linksOf(data, site) {
  const by = new Map(data.map.vrs.map((vr) => [vr.site, vr]));
  const links = data.map.links.filter((one) => one.from === site || one.to === site)
    .map((one) => ({ other: one.from === site ? one.to : one.from, mbps: one.bandwidthMbps }))
    .sort((one, other) => other.mbps - one.mbps || byName(one.other, other.other));
  return [h("h3", {}, "Measured links"), table(["to", "role", "state", ">slower direction"], links.map(({ other, mbps }) => ({
    cells: [link("vr", other), by.get(other)?.role ?? "–", CONDITIONS[by.get(other)?.state] ?? "–", rate(mbps)],
  })), "None is measured yet: links are measured where a queue-VR is chosen.")];
}

function vineDetail(data, name) {
  const vine = data.vines?.vines?.find((one) => one.name === name);
  if (!vine) return undefined;
  const { agreement } = vine;
  const gndt = data.gndt?.tables?.find((one) => one.networkId === vine.networkId);
  const late = new Map(agreement.laggards.map((one) => [one.site, one]));
  const down = new Set(agreement.down);
  const words = (site) => {
    const one = late.get(site);
    if (one) return `${one.reason}${one.version ? ` (${one.version}${one.seconds === undefined ? "" : `, ${seconds(one.seconds)}`})` : ""}`;
    return down.has(site) ? "down" : "agrees";
  };
  return [
    h("h2", {}, name, " ", badge(agreement.laggards.length ? "not agreed" : "agreed", agreement.laggards.length ? "suspect" : "up")),
    facts([
      ["V.Net.ID", String(vine.networkId)], ["made by", link("vr", vine.creator)],
      ["GNDT", `${agreement.version}, digest ${agreement.digest}`],
      ["agreement", `${agreement.agreeing} of ${agreement.participantsUp} VRs that are up`],
      ["addresses", `${count(vine.gndtAddresses)} in ${count(vine.gndtEntries)} ranges`],
      ["disputed", vine.disputedAddresses ? `${count(vine.disputedAddresses)} addresses that two sites claim` : ""],
      ["this site", vine.takesPart ? `takes part with ${vine.localHosts.length} hosts` : "takes no part"],
    ]),
    h("h3", {}, "Sites"),
    table(["site", "its GNDT"], vine.participants.map((site) => ({
      tone: late.has(site) ? "warn" : down.has(site) ? "bad" : "", cells: [link("vr", site), words(site)],
    })), "No site takes part yet."),
    gndt && [h("h3", {}, "GNDT"), table(["addresses", "site"], gndt.entries.slice(0, 200).map((entry) => ({
      cells: [entry.first === entry.last ? entry.first : `${entry.first} – ${entry.last}`, link("vr", entry.site)],
    })), "No host takes part yet."), gndt.entries.length > 200 && h("p", { class: "more" }, `${gndt.entries.length - 200} more: `, command("vine-mesh status gndt"))],
    !vine.takesPart && h("p", { class: "more" }, command(`vine-mesh vine join ${name}`), " makes this site take part"),
  ];
}

function blockDetail(data, name) {
  const held = data.blocks?.blocks?.find((one) => one.block === name);
  const kept = data.blocks?.keptFree?.find((one) => one.block === name);
  const { first, size } = range(name);
  const span = `${address(first)} – ${address(first + size - 1)}, ${count(size)} addresses`;
  if (kept) {
    return [h("h2", {}, name, " ", badge("kept free", "kept")), facts([["addresses", span], ["why", kept.why],
      ["free again", kept.secondsLeft === undefined ? "" : `in ${seconds(kept.secondsLeft)}`]])];
  }
  if (!held) return undefined;
  const owner = data.map.vrs.find((vr) => vr.site === held.site);
  return [
    h("h2", {}, name, " ", held.isOwn && badge("own", "self")),
    facts([["owner", link("vr", held.site)], ["VR", h("code", {}, short(held.node))], ["addresses", span],
      ["gateway", address(first + 1)], ["counts in", held.vine ? link("vine", held.vine) : "all ViNes"],
      ["state", owner && CONDITIONS[owner.state]]]),
    held.isOwn && data.lndt?.hosts && [h("h3", {}, "Hosts"), table(["host", "ViNes"], data.lndt.hosts.filter((host) => {
      const at = range(`${host.address}/32`).first;
      return at >= first && at < first + size;
    }).map((host) => ({ cells: [host.address, dash(join(host.vines.map((vine) => link("vine", vine))))] })), "No host of it is in a ViNe.")],
  ];
}
