/**
 * Downloads: the bytes of a blob, of a manifest, or of a file in a layer, as they are.
 *
 *     GET /at/library/hello/sha256:9b4e…/layer.tar.gz?download               the blob
 *     GET /at/library/hello/sha256:9b4e…/layer.tar.gz!/etc/motd?download     the file, unpacked
 *     Range: bytes=4096-8191                                                 206, and that part
 *
 * A client made these bytes, and they may be a web page with a script. So a browser only saves them: they have no type but
 * `application/octet-stream`, and no right to run anything.
 *
 * Next: views/at.ts
 *
 * @module
 */

import { parseDigest } from "../definitions/digest.ts";
import { formatContentRange, parseRanges } from "../definitions/range.ts";
import type { FileInfo } from "../disk/disk.ts";
import { type AddressParts, parseAddress } from "../looking/address.ts";
import type { PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";
import type { OpenedFacts, StoppedFacts } from "./inside.ts";

// A part of the bytes, if a client asks for one. The list of several parts has no use here.
type WantedPart = { readonly start: number; readonly length: number } | "whole" | "unsatisfiable";

/** Answers with the bytes of what is at an address. Returns `undefined` if there is none. */
export async function answerWithBytes(
  request: Request,
  { rest }: PageAddress,
  context: PageContext,
): Promise<Response | undefined> {
  const parts = parseAddress(rest);
  if ("expected" in parts || parts.name === "" || !context.maySee(parts.name)) return undefined;
  if (parts.path !== undefined) return await answerWithFile(request, rest, context);
  const file = fileOf(parts, context);
  if (file === undefined) return undefined;
  const part = partIn(request, file.size);
  const name = file.path.slice(file.path.lastIndexOf("/") + 1);
  return answerWith(request, name, file.size, part, (start, length) => {
    const opened = context.disk.open(file, { start, length });
    return opened === undefined ? new Uint8Array() : opened;
  });
}

function fileOf({ name, place, value, file, pointer }: AddressParts, { disk }: PageContext): FileInfo | undefined {
  const digest = place === "content" && pointer === undefined ? parseDigest(value!) : undefined;
  if (digest === undefined) return undefined;
  const folder = `${name}/${digest}`;
  return disk.look(
    `${folder}/${file ?? disk.list(folder).find((name) => name !== "content-type" && !name.startsWith("."))}`,
  );
}

async function answerWithFile(request: Request, address: string, context: PageContext): Promise<Response | undefined> {
  const { inside, signal } = context;
  const id = crypto.randomUUID();
  const close = () => void inside({ do: "cancel", id });
  signal?.addEventListener("abort", close, { once: true });
  const opened = await inside({ do: "open", id, address }) as OpenedFacts | StoppedFacts | undefined;
  if (opened === undefined) return undefined;
  if ("stopped" in opened) return new Response(`${opened.stopped}\n`, { status: 503 });
  const part = partIn(request, opened.size);
  if (request.method === "HEAD" || part === "unsatisfiable") {
    close();
    return answerWith(request, opened.name, opened.size, part, () => new Uint8Array());
  }
  if (part !== "whole") {
    close();
    const again = await inside({ do: "open", id, address, ...part }) as OpenedFacts | StoppedFacts | undefined;
    if (again === undefined) return undefined;
    if ("stopped" in again) return new Response(`${again.stopped}\n`, { status: 503 });
  }
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const piece = await inside({ do: "next", id }) as Uint8Array<ArrayBuffer> | StoppedFacts | undefined;
      if (piece === undefined) return controller.close();
      // The client sees that the connection breaks, and so that this is not the whole file.
      if ("stopped" in piece) throw new Error(piece.stopped);
      controller.enqueue(piece);
    },
    cancel: close,
  }, { highWaterMark: 0 });
  return answerWith(request, opened.name, opened.size, part, () => body, false);
}

function partIn({ headers }: Request, size: number): WantedPart {
  const range = headers.get("Range");
  const ranges = range === null ? "whole" : parseRanges(range, size);
  if (typeof ranges === "string") return ranges;
  return ranges.length === 1 ? ranges[0] : "whole";
}

function answerWith(
  request: Request,
  name: string,
  size: number,
  part: WantedPart,
  open: (start: number, length: number) => BodyInit,
  isLengthSure = true,
): Response {
  const headers = new Headers({
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-cache",
    "Content-Disposition": `attachment; filename*=UTF-8''${encodeName(name)}`,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Type": "application/octet-stream",
  });
  if (part === "unsatisfiable") {
    headers.set("Content-Range", `bytes */${size}`);
    return new Response(null, { status: 416, headers });
  }
  const range = part === "whole" ? { start: 0, length: size } : part;
  if (part !== "whole") headers.set("Content-Range", formatContentRange(part, size));
  // A file of a broken layer may end early. Then its length is not promised.
  if (isLengthSure) headers.set("Content-Length", String(range.length));
  const body = request.method === "HEAD" ? null : open(range.start, range.length);
  return new Response(body, { status: part === "whole" ? 200 : 206, headers });
}

// RFC 8187 has fewer characters that stay as they are than `encodeURIComponent`.
function encodeName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}._+ -]/gu, "_") || "file";
  return encodeURIComponent(safe).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
