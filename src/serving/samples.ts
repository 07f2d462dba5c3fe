/**
 * The command `deno task samples`.
 *
 *     $ deno task samples hello bad-checksum
 *     good: The registry takes it, and nothing is wrong with it.
 *       samples/hello:latest   sha256:a5438251b903…
 *         The smallest image with all parts: two layers, a config, a manifest and a tag. docker can run it.
 *     broken: The registry takes it. The page and deno task look find what is wrong.
 *       samples/bad-checksum:latest   sha256:1fb6da772347…
 *         A layer with a wrong checksum in the header of a file. Programs skip that file, or refuse the layer.
 *         deno task look samples/bad-checksum@sha256:fb6015a490b3
 *         ! The checksum of this header is 4959, and 4960 is written there.
 *     2 samples, each as announced
 *
 * It works while registries serve the same root. It looks at each bad sample as a person would, and says if it is not what its recipe
 * announces. Without names it pushes all but those that damage files on the disk.
 *
 * Next: looking.ts
 *
 * @module
 */

import { printable, printableJson, shorten } from "../definitions/printable.ts";
import { counted } from "../definitions/size.ts";
import type { Disk } from "../disk/disk.ts";
import { verify } from "../housekeeping/verify.ts";
import { look } from "../looking/look.ts";
import { createRegistry } from "../registry.ts";
import { type PushedSample, pushSample } from "../workshop/samples/pushing.ts";
import { describeSample, SAMPLE_KINDS, SAMPLE_NAMES } from "../workshop/samples/samples.ts";
import type { SampleKind } from "../workshop/sample_facts.ts";
import type { CommandLine } from "./command_line.ts";
import { tellingFileErrors } from "./file_errors.ts";

/** Pushes samples, or lists them. Returns false if one is not what its recipe announces. */
export async function runSamples(disk: Disk, line: CommandLine): Promise<boolean> {
  const { operands, json, list } = line;
  const names = namesOf(operands, list);
  if (list) {
    printList(names, json);
    return true;
  }
  const registry = tellingFileErrors(createRegistry({ disk }));
  let wrong = 0;
  let kind: SampleKind | undefined;
  for (const name of names) {
    const pushed = await pushSample(registry, name, { to: line.to, disk });
    const found = await meetingOf(disk, pushed);
    if (!found.isAsAnnounced) wrong++;
    if (json) {
      console.log(printableJson({ ...pushed, ...found }));
      continue;
    }
    if (kind !== pushed.kind) console.log(`${kind = pushed.kind}: ${SAMPLE_KINDS[kind]}`);
    for (const text of linesOf(pushed, found)) console.log(printable(text));
  }
  console.log(json ? printableJson({ samples: names.length, wrong }) : sumOf(names.length, wrong, operands));
  return wrong === 0;
}

// A name may be that of a kind: all samples of that kind.
function namesOf(operands: readonly string[], isList: boolean): readonly string[] {
  const all = SAMPLE_NAMES.map((name) => ({ name, kind: describeSample(name).kind }));
  if (operands.length === 0) return all.filter(({ kind }) => isList || kind !== "damaged").map(({ name }) => name);
  const chosen = operands.flatMap((operand) => {
    const ofKind = all.filter(({ kind }) => kind === operand);
    return ofKind.length > 0 ? ofKind.map(({ name }) => name) : [describeSample(operand).name];
  });
  return SAMPLE_NAMES.filter((name) => chosen.includes(name));
}

function printList(names: readonly string[], json: boolean): void {
  let last: SampleKind | undefined;
  for (const info of names.map(describeSample)) {
    if (json) {
      console.log(printableJson(info));
      continue;
    }
    if (last !== info.kind) console.log(`${last = info.kind}: ${SAMPLE_KINDS[last]}`);
    console.log(`  ${info.name.padEnd(16)} ${info.purpose}`);
  }
}

// What a bad sample has met.
interface MeetingOfSample {
  /** What it has met, in words; nothing if it is good, or if nobody found anything. */
  readonly met?: string;
  /** False if that is not what its recipe announces. */
  readonly isAsAnnounced: boolean;
}

async function meetingOf(disk: Disk, pushed: PushedSample): Promise<MeetingOfSample> {
  const { kind, meets = "", refusal, isAsAnnounced, address, repository } = pushed;
  if (kind === "good") return { isAsAnnounced: true };
  if (kind === "refused") {
    const met = refusal && `${refusal.status} ${refusal.code} ${refusal.rule}`;
    return { ...(met && { met }), isAsAnnounced: isAsAnnounced! };
  }
  const texts = kind === "damaged" ? await textsOfVerify(disk, repository) : await textsOfLook(disk, address!);
  const met = texts.find((text) => text === meets) ?? texts[0];
  return { ...(met && { met }), isAsAnnounced: met === meets };
}

async function textsOfLook(disk: Disk, address: string): Promise<string[]> {
  const { faults, limits } = await look(disk, address, { diffId: true });
  return [...faults.map(({ text }) => text), ...limits];
}

async function textsOfVerify(disk: Disk, repository: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const { kind, text } of verify(disk, { only: (name) => name === repository })) {
    if (kind === "fault") texts.push(text);
  }
  return texts;
}

function linesOf(pushed: PushedSample, { met, isAsAnnounced }: MeetingOfSample): string[] {
  const { repository, images, purpose, kind, meets, address } = pushed;
  // A look takes the beginning of a digest, too.
  const command = kind === "broken"
    ? `deno task look ${address?.slice(0, address.indexOf(":") + 13)}`
    : kind === "damaged"
    ? "deno task verify"
    : undefined;
  return [
    ...images.map(({ tag, digest }) => `  ${repository}:${tag}   ${shorten(digest)}`),
    ...(images.length === 0 ? [`  ${repository}`] : []),
    `    ${purpose}`,
    ...(command === undefined ? [] : [`    ${command}`]),
    ...(met === undefined ? [] : [`    ! ${shorten(met)}`]),
    ...(isAsAnnounced ? [] : [`    This is not as announced. Expected: ${meets}`]),
  ];
}

function sumOf(samples: number, wrong: number, operands: readonly string[]): string {
  const all = `${counted(samples, "sample")}, ${wrong === 0 ? "each as announced" : `${wrong} not as announced`}`;
  return operands.length > 0 ? all : `${all}. More of them damage files on the disk: deno task samples damaged`;
}
