/**
 * Statements: the claims in attestations and signatures, taken out of their envelopes. Nothing of it is verified.
 * https://github.com/in-toto/attestation/blob/main/spec/v1/README.md
 *
 *     Sigstore bundle    { dsseEnvelope: … , verificationMaterial: { certificate … } }
 *       DSSE envelope    { payloadType: "application/vnd.in-toto+json", payload: base64, signatures: [ … ] }
 *         statement      { predicateType: "https://slsa.dev/provenance/v1", subject: [{ digest: { sha256 } }], predicate: … }
 *
 *     what cosign signs  { critical: { image: { "docker-manifest-digest": "sha256:7d1a…" }, … } }
 *     what Notation signs, in a JWS    { payload: base64url of { targetArtifact: { digest: "sha256:7d1a…", … } } }
 *
 * Next: layer.ts
 *
 * @module
 */

import type { Name } from "../definitions/name.ts";
import { jsonFacts } from "./content.ts";
import type { StatementFacts } from "./facts.ts";
import { recognise, textTrait } from "./formats.ts";
import { objectOf, textField, textsOf } from "./json_values.ts";
import type { Looking } from "./looking.ts";

const WARNING = "Nobody has checked the signature, nor whether this is true. Everybody who may push can write it.";

// The most subjects and materials that are shown.
const MOST = 200;

type Fields = Readonly<Record<string, unknown>>;

/** Returns the claim in a document, or `undefined` if it has none. */
export async function statementOf(
  looking: Looking,
  name: Name,
  json: unknown,
): Promise<StatementFacts | undefined> {
  const fields = objectOf(json);
  const { mediaType, dsseEnvelope, verificationMaterial, messageSignature, payloadType, payload, critical } = fields;
  if (typeof mediaType === "string" && mediaType.startsWith("application/vnd.dev.sigstore.bundle")) {
    return {
      ...await bundleOf(looking, name, objectOf(dsseEnvelope), objectOf(messageSignature)),
      ...materialOf(verificationMaterial),
    };
  }
  if (typeof payloadType === "string") return await envelopeOf(looking, name, fields);
  // The flattened form of JWS (RFC 7515 section 7.2.2), which Notation uses.
  if (typeof payload === "string" && typeof fields.protected === "string" && typeof fields.signature === "string") {
    return {
      ...await opened(looking, name, payload, "base64url"),
      envelope: { payloadType: "JWS", signatures: 1, keys: [] },
    };
  }
  if (typeof fields._type === "string" && fields.predicateType !== undefined) return claimOf(looking, name, fields);
  return critical === undefined ? undefined : claimOf(looking, name, fields);
}

async function bundleOf(looking: Looking, name: Name, envelope: Fields, message: Fields): Promise<StatementFacts> {
  if (typeof envelope.payloadType === "string") return await envelopeOf(looking, name, envelope);
  const { digest } = objectOf(message.messageDigest);
  const hex = typeof digest === "string" ? bytesOf(digest, "base64")?.toHex() : undefined;
  return { ...EMPTY, subjects: hex === undefined ? [] : [subjectOf(looking, name, undefined, `sha256:${hex}`)] };
}

const EMPTY: StatementFacts = { warning: WARNING, formats: [], subjects: [], materials: [] };

function materialOf(json: unknown): Pick<StatementFacts, "certificate" | "logEntries"> {
  const { certificate, x509CertificateChain, tlogEntries } = objectOf(json);
  return {
    ...(certificate === undefined && x509CertificateChain === undefined ? {} : { certificate: true }),
    ...(Array.isArray(tlogEntries) ? { logEntries: tlogEntries.length } : {}),
  };
}

async function envelopeOf(
  looking: Looking,
  name: Name,
  { payloadType, payload, signatures }: Fields,
): Promise<StatementFacts> {
  const all = Array.isArray(signatures) ? signatures.slice(0, MOST).map(objectOf) : [];
  const keys = textsOf(all.map(({ keyid }) => keyid)).filter((key) => key !== "");
  const envelope = { payloadType: String(payloadType), signatures: all.length, keys };
  return { ...await opened(looking, name, String(payload ?? ""), "base64"), envelope };
}

// Decodes a payload. Facts about its claim, or about the fault, are the result.
async function opened(
  looking: Looking,
  name: Name,
  payload: string,
  alphabet: "base64" | "base64url",
): Promise<StatementFacts> {
  const bytes = bytesOf(payload, alphabet);
  if (bytes === undefined) return { ...EMPTY, broken: `The payload is not ${alphabet}.` };
  const link = (value: string) => looking.linkTo(name, value);
  const { json, value } = await jsonFacts(looking, bytes, bytes.length, { link, what: "the payload" });
  const claim = value === undefined ? EMPTY : claimOf(looking, name, objectOf(value));
  return { ...claim, payload: json, ...(json.broken === undefined ? {} : { broken: json.broken.text }) };
}

// In-toto's statement, and the payloads of cosign and Notation.
function claimOf(looking: Looking, name: Name, fields: Fields): StatementFacts {
  const { critical, targetArtifact } = fields;
  if (critical !== undefined) {
    const { image, identity, type } = objectOf(critical);
    const digest = objectOf(image)["docker-manifest-digest"];
    const reference = objectOf(identity)["docker-reference"];
    return { ...EMPTY, ...textField("type", type), subjects: [subjectOf(looking, name, reference, digest)] };
  }
  if (targetArtifact !== undefined) {
    const { mediaType, digest } = objectOf(targetArtifact);
    return { ...EMPTY, subjects: [subjectOf(looking, name, mediaType, digest)] };
  }
  const subjects = Array.isArray(fields.subject) ? fields.subject.slice(0, MOST).map(objectOf) : [];
  return {
    ...EMPTY,
    ...textField("type", fields._type),
    ...textField("predicateType", fields.predicateType),
    formats: recognise(textTrait("predicate", fields.predicateType)),
    subjects: subjects.map((subject) => subjectOf(looking, name, subject.name, digestIn(subject.digest))),
    ...buildOf(objectOf(fields.predicate)),
  };
}

// The places of these in SLSA provenance 0.2, and in 1.0: https://slsa.dev/spec/v1.0/provenance
function buildOf(predicate: Fields): Pick<StatementFacts, "builder" | "buildType" | "materials"> {
  const definition = objectOf(predicate.buildDefinition);
  const builder = objectOf(objectOf(predicate.runDetails).builder).id ?? objectOf(predicate.builder).id;
  const materials = definition.resolvedDependencies ?? predicate.materials;
  return {
    ...textField("builder", builder),
    ...textField("buildType", definition.buildType ?? predicate.buildType),
    materials: (Array.isArray(materials) ? materials.slice(0, MOST).map(objectOf) : []).map((material) => ({
      uri: String(material.uri ?? ""),
      ...textField("digest", digestIn(material.digest)),
    })),
  };
}

// { "sha256": "9b4e…" } is how in-toto writes a digest.
function digestIn(json: unknown): string | undefined {
  const [first] = Object.entries(objectOf(json));
  return first === undefined ? undefined : `${first[0]}:${first[1]}`;
}

function subjectOf(looking: Looking, name: Name, title: unknown, digest: unknown): StatementFacts["subjects"][number] {
  const link = typeof digest === "string" ? looking.linkTo(name, digest) : undefined;
  return { ...textField("name", title), ...textField("digest", digest), ...(link === undefined ? {} : { link }) };
}

function bytesOf(text: string, alphabet: "base64" | "base64url"): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text, { alphabet });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
