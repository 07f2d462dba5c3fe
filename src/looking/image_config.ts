/**
 * The config of an image, for people: how it is run, and which step made which layer.
 * https://github.com/opencontainers/image-spec/blob/13cff54/config.md
 *
 *     history                                         layers
 *     ADD alpine-minirootfs.tar.gz /                  0    sha256:9b4e…
 *     CMD ["/bin/sh"]               empty_layer
 *     RUN apk add curl                                1    sha256:4f2a…
 *
 * A config comes from a client, so each field may be missing, or of any type. What is of another type is left out here; the JSON of
 * the config still shows it.
 *
 * Next: blob.ts
 *
 * @module
 */

import type { Name } from "../definitions/name.ts";
import { annotationRows } from "./descriptors.ts";
import type { HistoryRow, ImageConfigFacts, TextRow } from "./facts.ts";
import { platformOf } from "./formats.ts";
import { objectOf, textField, textsOf } from "./json_values.ts";
import type { Looking } from "./looking.ts";

// The most steps and the most entries of each list.
const MOST_ENTRIES = 1000;

/** Returns the facts of a config, or `undefined` if the document is not that of an image. */
export function imageConfigOf(looking: Looking, name: Name, json: unknown): ImageConfigFacts | undefined {
  const config = objectOf(json);
  const platform = platformOf(config);
  const rootfs = objectOf(config.rootfs);
  if (platform === undefined || config.rootfs === undefined) return undefined;
  const run = objectOf(config.config);
  return {
    platform,
    ...textField("created", config.created),
    ...textField("author", config.author),
    ...textField("user", run.User),
    ...textField("workingDir", run.WorkingDir),
    ...textField("stopSignal", run.StopSignal),
    ...list("entrypoint", run.Entrypoint),
    ...list("cmd", run.Cmd),
    env: textsOf(run.Env).map(variableOf),
    labels: annotationRows(looking, name, run.Labels),
    ports: Object.keys(objectOf(run.ExposedPorts)).slice(0, MOST_ENTRIES),
    volumes: Object.keys(objectOf(run.Volumes)).slice(0, MOST_ENTRIES),
    diffIds: textsOf(rootfs.diff_ids),
    history: historyOf(config.history),
  };
}

function historyOf(json: unknown): HistoryRow[] {
  const steps = Array.isArray(json) ? json.slice(0, MOST_ENTRIES).map(objectOf) : [];
  let layer = 0;
  return steps.map((step) => ({
    ...(typeof step.created_by === "string" ? { command: commandOf(step.created_by), createdBy: step.created_by } : {}),
    ...textField("comment", step.comment),
    ...textField("created", step.created),
    ...(step.empty_layer === true ? {} : { layer: layer++ }),
  }));
}

/**
 * Returns the command of a step as its author wrote it: builders put a shell and their own marks around it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(commandOf('/bin/sh -c #(nop)  CMD ["sh"]'), 'CMD ["sh"]');
 * assertEquals(commandOf("RUN /bin/sh -c apk add curl # buildkit"), "RUN apk add curl");
 * assertEquals(commandOf("|1 V=3 /bin/sh -c make"), "RUN make");
 * ```
 */
export function commandOf(createdBy: string): string {
  const command = createdBy.replace(/ # buildkit$/, "").trim();
  const nop = /^\/bin\/sh -c #\(nop\)\s+(.*)$/s.exec(command);
  if (nop !== null) return nop[1].trim();
  const shell = /^(?:RUN )?(?:\|\d+ .*? )?\/bin\/sh -c (.*)$/s.exec(command);
  return shell === null ? command : `RUN ${shell[1].trim()}`;
}

function variableOf(variable: string): TextRow {
  const at = variable.indexOf("=");
  return at < 0 ? { name: variable, text: "" } : { name: variable.slice(0, at), text: variable.slice(at + 1) };
}

function list<Field extends string>(field: Field, value: unknown): Partial<Record<Field, string[]>> {
  return Array.isArray(value) && value.length > 0 ? { [field]: textsOf(value) } as Record<Field, string[]> : {};
}
