/**
 * Who an operation belongs to, for the reader.
 */

const maxNameLength = 256;

/**
 * The LunResync of an owner that the operator made up, or the owner as it is.
 *
 * Source: lunarray.proto, StartOperationRequest.owner: `<cluster>/<namespace>/<name>/<uid>`.
 */
export function ownerName(owner: string): string {
  const [, namespace, name, ...uid] = owner.split('/');
  const isResync = namespace !== undefined && name !== undefined && uid.length === 1;
  return (isResync ? `LunResync ${namespace}/${name}` : `owner ${owner}`).slice(0, maxNameLength);
}
