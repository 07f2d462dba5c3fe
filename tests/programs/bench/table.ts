/**
 * The table: each row has the median of each server with its spread, and compares Glassbox with the others.
 *
 * @module
 */

import type { Row } from "./rows.ts";
import type { Program } from "./servers.ts";

/** The result of a row. */
export interface Result {
  readonly row: Row;
  /** The figures of each server that took part, by its name, in the order of the rounds. */
  readonly figures: ReadonlyMap<string, readonly number[]>;
  /** The reason of each server that could not take part, by its name. */
  readonly reasons: ReadonlyMap<string, string>;
  /** The wrong answer of each server that gave one, by its name. */
  readonly failures: ReadonlyMap<string, string>;
}

/** The facts about the run as a whole. */
export interface Run {
  readonly date: string;
  readonly machine: string;
  readonly rounds: number;
  readonly isQuick: boolean;
  /** The version of each server and of each program that made the load, by its name. */
  readonly versions: Readonly<Record<string, string>>;
  /** The command that installs each missing server, by its name. */
  readonly absent: Readonly<Record<string, string>>;
}

/** The ratios of Glassbox to the others in a row. More than 1 is always better, even if less of the unit is better. */
export interface Ratios {
  /** To the best peer. */
  readonly toPeer: number | undefined;
  /** To the best peer, without waiting for the disk. */
  readonly toPeerWithoutSync: number | undefined;
  /** To the limit. */
  readonly toLimit: number | undefined;
  /** To the limit, with an nginx in front. */
  readonly toLimitBehindNginx: number | undefined;
}

// The heads of the columns with the ratios, in the order of their fields.
const RATIOS = ["to the best peer", "without sync", "to the limit", "behind nginx"];

/** Returns the figure in the middle, or for an even number of figures the mean of the two in the middle. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/** Returns the ratios of Glassbox to the others in a row. */
export function ratiosOf({ row, figures }: Result, programs: readonly Program[]): Ratios {
  const medians = (part: Program["part"]) =>
    programs.filter((program) => program.part === part)
      .map(({ name }) => figures.get(name))
      .filter((figures) => figures !== undefined)
      .map(median);
  const best = (part: Program["part"]) => {
    const candidates = medians(part);
    if (candidates.length === 0) return undefined;
    return row.better === "more" ? Math.max(...candidates) : Math.min(...candidates);
  };
  const ratio = (part: Program["part"], other: Program["part"]) => {
    const [ours, theirs] = [best(part), best(other)];
    if (ours === undefined || theirs === undefined) return undefined;
    return row.better === "more" ? ours / theirs : theirs / ours;
  };
  return {
    toPeer: ratio("glassbox", "peer"),
    toPeerWithoutSync: ratio("without sync", "peer"),
    toLimit: ratio("glassbox", "limit"),
    toLimitBehindNginx: ratio("behind nginx", "limit"),
  };
}

/** Returns the table as Markdown, which people can also read as it is. */
export function formatTable(results: readonly Result[], run: Run, programs: readonly Program[]): string {
  const notes: string[] = [];
  const mark = (note: string) => {
    if (!notes.includes(note)) notes.push(note);
    return `[${notes.indexOf(note) + 1}]`;
  };
  const columns = programs.filter(({ name }) =>
    results.some(({ figures, failures, reasons }) => figures.has(name) || failures.has(name) || reasons.has(name))
  );
  const ratios = results.map((result) => Object.values(ratiosOf(result, programs)).map(formatRatio));
  // A column of ratios that no row has is left out.
  const filled = RATIOS.map((_, column) => ratios.some((cells) => cells[column] !== ""));
  const header = [
    "",
    "unit",
    ...columns.map(({ name, note }) => note === undefined ? name : `${name} ${mark(`${name} ${note}`)}`),
    ...RATIOS.filter((_, column) => filled[column]),
  ];
  const lines = results.map((result, number) => {
    const cells = columns.map(({ name }) => {
      const figures = result.figures.get(name);
      if (figures !== undefined) return formatFigures(figures);
      const failure = result.failures.get(name);
      if (failure !== undefined) return `fails ${mark(`${name}, ${result.row.name}: ${failure}`)}`;
      const reason = result.reasons.get(name);
      return reason === undefined ? "" : `- ${mark(`${name} ${reason}`)}`;
    });
    return [result.row.name, result.row.unit, ...cells, ...ratios[number].filter((_, column) => filled[column])];
  });
  return [
    alignColumns([header, ...lines]),
    "",
    "Each figure is a median, with the least and the most in brackets. The last columns compare Glassbox with the best",
    "peer (also with `--durability none`) and with the limit (also behind nginx): 2 means twice as fast, or half as much",
    "time or memory.",
    ...notes.map((note, number) => `[${number + 1}] ${note}`),
    "",
    `${run.date}, ${run.machine}, ${run.rounds === 1 ? "1 round" : `${run.rounds} rounds`}${
      run.isQuick ? ", a quick look without warming up" : ""
    }`,
    Object.entries(run.versions).map(([name, version]) => `${name} ${version}`).join(", "),
    ...Object.entries(run.absent).map(([name, install]) => `${name} is not installed: ${install}`),
  ].join("\n");
}

/** Returns the whole result as JSON. */
export function formatJson(results: readonly Result[], run: Run, programs: readonly Program[]): string {
  const rows = results.map((result) => ({
    name: result.row.name,
    unit: result.row.unit,
    better: result.row.better,
    figures: Object.fromEntries(result.figures),
    medians: Object.fromEntries([...result.figures].map(([name, figures]) => [name, median(figures)])),
    ...ratiosOf(result, programs),
    reasons: Object.fromEntries(result.reasons),
    failures: Object.fromEntries(result.failures),
  }));
  return JSON.stringify({ ...run, rows }, null, 2);
}

/** Returns a median with its spread, such as `12300 (11800–12900)`. */
export function formatFigures(figures: readonly number[]): string {
  const spread = figures.length === 1
    ? ""
    : ` (${formatFigure(Math.min(...figures))}–${formatFigure(Math.max(...figures))})`;
  return formatFigure(median(figures)) + spread;
}

// The spread is so large that more than three digits would mean nothing.
function formatFigure(figure: number): string {
  return figure < 100 ? String(Number(figure.toPrecision(3))) : String(Number(figure.toPrecision(3)).toFixed(0));
}

function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? "" : ratio.toFixed(2);
}

function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths = lines[0].map((_, column) => Math.max(3, ...lines.map((cells) => cells[column].length)));
  const rows = lines.map((cells) =>
    `| ${
      cells.map((cell, column) => column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])).join(" | ")
    } |`
  );
  const rule = `|${
    widths.map((width, column) => column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`).join("|")
  }|`;
  return [rows[0], rule, ...rows.slice(1)].join("\n");
}
