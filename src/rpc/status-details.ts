/**
 * The trailer `grpc-status-details-bin`: google.rpc.Status with one google.rpc.ErrorInfo, as every gRPC library
 * writes it. Encoding cuts what is too long; decoding trusts nothing.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { Metadata } from '@grpc/grpc-js';
import { ErrorInfoSchema, StatusSchema } from '../proto/google/rpc/status_pb.js';
import { errorDomain, type RpcError, type RpcErrorDetails } from './rpc-error.ts';

const trailerName = 'grpc-status-details-bin';

// Trailers share HTTP/2's header limits (8 KiB in some peers), so the whole must stay well below that.
const maxTextLength = 1024;
const maxFields = 8;
const maxFieldNameLength = 64;
const maxReasonLength = 128;
const maxTrailerBytes = 16 * 1024;
const maxDetails = 8;

/** A text that fits into a trailer and survives percent-encoding, which throws on a lone surrogate. */
export function boundedText(text: string, length = maxTextLength): string {
  return text.slice(0, length).toWellFormed();
}

/** The trailers that carry an error's reason and fields. */
export function encodeErrorTrailers(error: RpcError): Metadata {
  const trailers = new Metadata();
  if (error.reason === '') {
    return trailers;
  }
  const info = create(ErrorInfoSchema, {
    reason: boundedText(error.reason, maxReasonLength),
    domain: errorDomain,
    metadata: boundedFields(error.metadata),
  });
  const message = boundedText(error.message);
  const status = create(StatusSchema, { code: error.code, message, details: [anyPack(ErrorInfoSchema, info)] });
  trailers.set(trailerName, Buffer.from(toBinary(StatusSchema, status)));
  return trailers;
}

/**
 * Reason and fields from a peer's trailers.
 *
 * Empty when there is no ErrorInfo of the domain `lunarray`, or when it is too large or damaged: a peer that cannot be
 * understood is treated like one that said nothing.
 */
export function decodeErrorTrailers(trailers: Metadata): RpcErrorDetails {
  const [raw] = trailers.get(trailerName);
  if (!Buffer.isBuffer(raw) || raw.length > maxTrailerBytes) {
    return {};
  }
  try {
    return detailsOf(raw);
  } catch {
    return {};
  }
}

function detailsOf(raw: Buffer): RpcErrorDetails {
  for (const detail of fromBinary(StatusSchema, raw).details.slice(0, maxDetails)) {
    const info = anyUnpack(detail, ErrorInfoSchema);
    if (info?.domain === errorDomain) {
      return { reason: info.reason.slice(0, maxReasonLength), metadata: boundedFields(info.metadata) };
    }
  }
  return {};
}

function boundedFields(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields)
      .slice(0, maxFields)
      .map(([name, value]) => [boundedText(name, maxFieldNameLength), boundedText(value)]),
  );
}
