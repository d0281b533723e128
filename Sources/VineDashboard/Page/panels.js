// Everything around the map.

import { h, svg, show, table, link, badge, mending, seconds, bytes, figure, rate, count, command } from "./elements.js";
import { address, range } from "./model.js";

const inside = (id) => document.querySelector(`#${id} > div`);

export function identity(status) {
  show(document.getElementById("identity"),
    h("h1", {}, status.mesh.name), h("span", { class: "faint" }, status.mesh.meshId),
    h("span", {}, "seen from ", link("vr", status.site)), badge(status.role, "plain"),
    h("span", { class: "faint" }, `vine-mesh ${status.softwareVersion}, up ${seconds(status.uptimeSeconds)}`));
}

export function health(root, status, parts) {
  const lines = status.health.map((line) => ({ level: line.level, text: line.text, mend: line.mend }));
  // Many VRs that are down for one reason are one line.
  const down = lines.filter((line) => /^the VR of .* is down$/.test(line.text));
  const merged = down.length > 3 ? lines.filter((line) => !down.includes(line)) : lines;
  if (down.length > 3) {
    const together = parts.groups.map((group) => `${group.sites.length === down.length ? "all" : group.sites.length} fell silent together ${seconds(group.seconds)} ago`);
    merged.push({ level: "warning", mend: "look at the network between, and at their logs; if one is gone for good: `vine-mesh peer revoke <site>`",
      text: [`${down.length} VRs are down`, ...together].join("; ") });
  }
  show(root, merged.map((line) => h("div", { class: `line ${line.level}` },
    badge(line.level, line.level === "error" ? "down" : "suspect"), h("span", { class: "text" }, line.text), line.mend && mending(line.mend))));
}

export function tiles(root, data) {
  const { status, drops } = data;
  const { vrs, consensus } = status;
  const dropped = status.drops.reduce((sum, line) => sum + line.packets, 0);
  const tile = (name, value, tone, under) => h("div", { class: `tile ${tone}` }, h("span", { class: "name" }, name), h("span", { class: "value" }, value), h("span", { class: "under" }, under));
  const days = status.certificate.daysLeft;
  show(root,
    tile("VRs up", `${vrs.up} of ${vrs.known}`, vrs.up < vrs.known ? "bad" : vrs.suspect ? "warn" : "good", vrs.suspect ? `${vrs.suspect} suspected` : "none suspected"),
    tile("Registry", consensus.hasQuorum ? "quorum" : "no quorum", consensus.hasQuorum ? "good" : "bad",
      `${consensus.votersUp} of ${consensus.voters} voters, ${consensus.leader ? `${consensus.leader} leads` : "no leader"}`),
    tile("GNDTs", status.convergence.converged ? "converged" : "waiting", status.convergence.converged ? "good" : "warn",
      status.convergence.converged ? `${status.vines.length} ViNes of this site agree` : `for ${status.convergence.waitingFor[0]}`),
    tile("Drops", `${count(dropped)} /min`, dropped ? "warn" : "good", status.drops[0] ? `${status.drops[0].reason} ${count(status.drops[0].packets)}` : "none in the last minute"),
    status.role === "limited" && tile("Queue-VR", status.queueVR?.site ?? "none", status.queueVR?.connected ? "good" : "bad",
      status.queueVR ? `${rate(status.queueVR.bandwidthMbps)}, ${figure(status.queueVR.rttMs, "ms")}` : "nobody reaches this site"),
    tile("Certificate", `${Math.floor(days)} d`, days < 0 ? "bad" : days < 14 ? "warn" : "good", data.certs?.renewsUnixSeconds ? `renews ${new Date(data.certs.renewsUnixSeconds * 1000).toISOString().slice(0, 10)}` : "left"));
}

// MARK: Address space

const ROWS = 14;

/// The finest rows of which no more than a screenful is used.
function rowsOf(space, blocks) {
  for (let bits = 22; bits > 8; bits -= 1) {
    const size = 2 ** (32 - bits);
    if (size > space.size) continue;
    const used = new Set();
    for (const block of blocks) {
      const [from, to] = [Math.floor(block.first / size), Math.floor((block.first + block.size - 1) / size)];
      for (let row = from; row <= to && used.size <= ROWS; row += 1) used.add(row);
    }
    if (used.size <= ROWS) return { size, bits, rows: [...used].sort((one, other) => one - other) };
  }
  return { size: space.size, bits: 0, rows: [Math.floor(space.first / space.size)] };
}

export function space(blocks, chosen, vrs) {
  if (!blocks?.blocks) return;
  const whole = range(blocks.space);
  const down = new Set(vrs.filter((vr) => vr.state === "down").map((vr) => vr.site));
  const all = [...blocks.keptFree.map((one) => ({ ...range(one.block), name: one.block, kept: one })),
    ...blocks.blocks.map((one) => ({ ...range(one.block), name: one.block, held: one }))];
  const { size, rows } = rowsOf(whole, all.filter((one) => one.held));
  const elsewhere = all.filter((one) => one.kept && !rows.some((row) => one.first < (row + 1) * size && one.first + one.size > row * size));
  const [width, height, left] = [1000, 17, 118];
  const drawn = rows.map((row, index) => {
    const first = row * size;
    const y = index * (height + 4);
    const cells = all.filter((one) => one.first < first + size && one.first + one.size > first).map((one) => {
      const from = Math.max(one.first, first);
      const to = Math.min(one.first + one.size, first + size);
      const x = left + ((from - first) / size) * (width - left);
      const wide = Math.max(2.5, ((to - from) / size) * (width - left) - 1);
      const names = ["block", one.kept && "kept", one.held?.isOwn && "own", one.held?.vine && "scoped", down.has(one.held?.site) && "down",
        ((chosen.kind === "block" && chosen.name === one.name) || (chosen.kind === "vr" && chosen.name === one.held?.site)) && "chosen"];
      const told = one.kept ? `${one.name}: ${one.kept.why}` : `${one.name}: ${one.held.site}${one.held.vine ? `, in ${one.held.vine} only` : ""}`;
      return svg("g", { class: names.filter(Boolean).join(" "), "data-kind": "block", "data-name": one.name, role: "button", tabindex: all.length > 60 ? -1 : 0, "aria-label": told },
        svg("title", {}, told), svg("rect", { x: x.toFixed(2), y, width: wide.toFixed(2), height }),
        wide > 62 && one.held && svg("text", { x: (x + 4).toFixed(1), y: y + 12.5 }, one.held.site));
    });
    return [svg("text", { class: "row", x: 0, y: y + 12.5 }, `${address(first)}/${32 - Math.log2(size)}`),
      svg("rect", { class: "free", x: left, y, width: width - left, height }), cells];
  });
  const free = blocks.freeAddresses;
  show(inside("space"),
    h("p", { class: "sum" }, `${blocks.space}: ${blocks.blocks.length} blocks, ${blocks.keptFree.length} ranges kept free, ${count(free)} of ${count(whole.size)} addresses free. Rows without a block are left out. `,
      h("span", { class: "key" }, h("i", { class: "own" }), "own"), h("span", { class: "key" }, h("i", { class: "held" }), "other sites"),
      h("span", { class: "key" }, h("i", { class: "kept" }), "kept free"), h("span", { class: "key" }, h("i", { class: "scoped" }), "in one ViNe only"),
      down.size > 0 && h("span", { class: "key" }, h("i", { class: "lost" }), "site not reached")),
    svg("svg", { viewBox: `0 0 ${width} ${Math.max(1, rows.length) * (height + 4)}`, class: "space", role: "group", "aria-label": "Blocks by address" }, drawn),
    elsewhere.length > 0 && h("p", { class: "elsewhere" }, "Kept free elsewhere: ", elsewhere.map((one, index) => [index ? ", " : "", link("block", one.name), ` (${reason(one.kept)})`])));
}

/// A long reason in few words.
const reason = (kept) => kept.why.replace(" grants from it while it is cut off from the majority", "'s reserve");

// MARK: Tables

export function vines(view, chosen) {
  if (!view?.vines) return;
  show(inside("vines"), table(["ViNe", ">id", ">sites", ">addresses", "agreement"], view.vines.map((vine) => {
    const { agreement } = vine;
    const late = agreement.laggards.length;
    return {
      tone: [chosen.kind === "vine" && chosen.name === vine.name && "chosen", late ? "warn" : ""].filter(Boolean).join(" "),
      cells: [link("vine", vine.name), vine.networkId, vine.participants.length, count(vine.gndtAddresses),
        [`${agreement.agreeing}/${agreement.participantsUp} VRs at ${agreement.version}`,
          late > 0 && `; behind: ${agreement.laggards.slice(0, 3).map((one) => one.site).join(", ")}${late > 3 ? ` and ${late - 3} more` : ""}`,
          agreement.down.length > 0 && `; down: ${agreement.down.slice(0, 3).join(", ")}${agreement.down.length > 3 ? ` and ${agreement.down.length - 3} more` : ""}`,
          vine.disputedAddresses > 0 && `; ${vine.disputedAddresses} disputed`]],
    };
  }), ["No ViNe yet: ", command("vine-mesh vine create <name>")]));
}

export function voters(view) {
  if (!view?.voters) return;
  show(inside("voters"),
    h("p", { class: "sum" }, badge(view.hasQuorum ? `quorum ${view.quorum} reached` : `quorum ${view.quorum} not reached`, view.hasQuorum ? "up" : "down"),
      ` term ${view.term}, committed ${count(view.commitIndex)}, this VR: ${view.state}`,
      !view.hasQuorum && ". Joins, new ViNes and revocations wait; traffic goes on."),
    table(["site", "part", "state", ">log agrees to", "why it votes"], view.voters.map((voter) => ({
      tone: voter.isUp ? "" : "bad",
      cells: [link("vr", voter.site), voter.isLeader ? "leader" : voter.isLearner ? "learner" : "voter", voter.isUp ? "up" : "down", voter.matchIndex ?? "–", voter.why],
    })), "No voter is known."));
}

export function drops(view) {
  if (!view?.drops) return;
  const seen = view.drops.filter((one) => one.total > 0).sort((one, other) => other.lastMinute - one.lastMinute || other.total - one.total);
  show(inside("drops"), table(["reason", ">last minute", ">total", "meaning, last packet and mend"], seen.map((one) => ({
    tone: one.lastMinute ? "warn" : "",
    cells: [h("code", {}, one.reason), count(one.lastMinute), count(one.total), [one.explanation,
      one.lastSource && h("div", { class: "faint" }, `${one.lastSource} → ${one.lastDestination}, ${seconds(one.lastSecondsAgo)} ago`),
      one.mend && h("div", {}, mending(one.mend))]],
  })), `Nothing was dropped since the daemon's start, for any of ${view.drops.length} reasons.`));
}

export function queues(view, relay) {
  if (!view?.capture) return;
  const { capture } = view;
  show(inside("queues"),
    h("p", { class: "sum" }, `NFQUEUE ${capture.queueNumber}: ${count(capture.capturedPackets)} captured, ${count(capture.injectedPackets)} injected, `,
      h("span", { class: capture.kernelDroppedPackets ? "warn" : "" }, `${count(capture.kernelDroppedPackets)} dropped by the kernel`)),
    relay?.candidates?.length > 0 && table(["candidate", "", ">bandwidth", ">measured", "note"], relay.candidates.map((one) => ({
      cells: [link("vr", one.site), one.isChosen ? "queue-VR" : one.site === relay.standby ? "standby" : "", rate(one.bandwidthMbps),
        one.measuredSecondsAgo === undefined ? "–" : `${seconds(one.measuredSecondsAgo)} ago`, one.note || "–"],
    }))),
    relay?.served?.length > 0 && table(["serves", "channel", ">frames", ">bytes", ">waiting"], relay.served.map((one) => {
      const waiting = view.relay.find((queue) => queue.node === one.node);
      return { tone: one.channelOpen ? "" : "warn", cells: [link("vr", one.site), one.channelOpen ? "open" : "closed", count(one.forwardedFrames), bytes(one.forwardedBytes), waiting ? bytes(waiting.queuedBytes) : "–"] };
    })),
    !relay?.candidates?.length && !relay?.served?.length && h("p", { class: "empty" }, "This VR is public, and the queue-VR of nobody."));
}

export function events(view) {
  const root = inside("events");
  if (!view) return;
  if (view.missing) {
    show(root, h("p", { class: "empty" }, "This vine-meshd keeps no list of events; its log has them: ", command("journalctl -u 'vine-meshd@*'")));
    return;
  }
  const newest = [...view.events].sort((one, other) => other.sequence - one.sequence).slice(0, 100);
  show(root, table(["time, UTC", "level", "event", "what"], newest.map((one) => ({
    tone: { error: "bad", warning: "warn" }[one.level] ?? "",
    cells: [new Date(one.unixSeconds * 1000).toISOString().slice(0, 19).replace("T", " "), one.level, h("code", {}, one.event), one.message],
  })), "Nothing has happened since the daemon's start."));
}
