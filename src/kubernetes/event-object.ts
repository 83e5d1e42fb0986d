/** The Event of events.k8s.io/v1, within the API server's limits on its fields. */
import type { EventsV1Event, V1ObjectReference } from '@kubernetes/client-node';
import type { ApiTransport } from './http.ts';
import { microTime } from './micro-time.ts';
import { Resource } from './resource.ts';
import type { StoredObject } from './stored-object.ts';

/** The object that an Event is about. Without its uid, `kubectl describe` does not find the Event. */
export type EventSubject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly uid: string;
};

/** An Event to record. `reason` and `action` are CamelCase; a note above 1024 bytes is cut. */
export type NewEvent = {
  readonly regarding: EventSubject;
  readonly related?: EventSubject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
};

/** What an Event says beside what it is about. */
export type EventOrigin = {
  readonly namespace: string;
  readonly name: string;
  readonly firstAt: Date;
  readonly reportingController: string;
  readonly reportingInstance: string;
};

const MAX_NOTE_BYTES = 1024;
const MAX_FIELD_LENGTH = 128;
/** Of the 253 characters of a name, 24 are for what makes it unique. */
const MAX_NAME_PREFIX = 229;

/** The Events of a cluster. */
export function eventResource(server: ApiTransport): Resource<StoredObject> {
  const parse = ({ metadata }: StoredObject): StoredObject => ({ metadata });
  return new Resource(server, { group: 'events.k8s.io', version: 'v1', plural: 'events', parse });
}

/** A name that no other Event has: the object's, cut to fit, with the time in microseconds and a random part. */
export function eventName(subjectName: string, at: Date, random: () => number): string {
  const prefix = subjectName.slice(0, MAX_NAME_PREFIX).replace(/[^a-z0-9]+$/, '');
  const unique = (at.getTime() * 1000 + Math.floor(random() * 1000)).toString(16);
  const tail = Math.floor(random() * 0x1_0000)
    .toString(16)
    .padStart(4, '0');
  return `${prefix}.${unique}${tail}`;
}

/** The Event as it is created, without a series. */
export function eventBody(event: NewEvent, origin: EventOrigin): object {
  const body: Omit<EventsV1Event, 'eventTime'> & { readonly eventTime: string } = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: origin.namespace, name: origin.name },
    eventTime: microTime(origin.firstAt),
    reportingController: origin.reportingController,
    reportingInstance: origin.reportingInstance.slice(0, MAX_FIELD_LENGTH),
    action: event.action.slice(0, MAX_FIELD_LENGTH),
    reason: event.reason.slice(0, MAX_FIELD_LENGTH),
    type: event.type,
    regarding: reference(event.regarding),
    note: truncateBytes(event.note, MAX_NOTE_BYTES),
    ...(event.related === undefined ? {} : { related: reference(event.related) }),
  };
  return body;
}

/** Cuts text to at most `maxBytes` of UTF-8, between two characters, with an ellipsis where something is missing. */
export function truncateBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const ellipsis = '…';
  const room = maxBytes - Buffer.byteLength(ellipsis);
  let size = 0;
  let end = 0;
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > room) break;
    end += character.length;
  }
  return text.slice(0, end) + ellipsis;
}

function reference(subject: EventSubject): V1ObjectReference {
  const { apiVersion, kind, namespace, name, uid } = subject;
  return { apiVersion, kind, name, uid, ...(namespace === undefined ? {} : { namespace }) };
}
