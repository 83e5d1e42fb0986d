/** The HRESULTs that a resync can end with: name and number. Numbers are not unique in COM; the name is what counts. */

/**
 * Numbers from vsserror.h and winerror.h. Microsoft's RecoverSet page prints E_NOTIMPL as 0x80000001, a slip: the
 * Win32 value stands here.
 */
export const HRESULTS = {
  S_OK: '0x00000000',
  VSS_S_ASYNC_PENDING: '0x00042309',
  VSS_S_ASYNC_FINISHED: '0x0004230A',
  VSS_S_ASYNC_CANCELLED: '0x0004230B',
  E_NOTIMPL: '0x80004001',
  E_ACCESSDENIED: '0x80070005',
  E_OUTOFMEMORY: '0x8007000E',
  E_INVALIDARG: '0x80070057',
  VSS_E_BAD_STATE: '0x80042301',
  VSS_E_UNEXPECTED: '0x80042302',
  VSS_E_PROVIDER_VETO: '0x80042306',
  VSS_E_OBJECT_NOT_FOUND: '0x80042308',
  VSS_E_VOLUME_NOT_SUPPORTED: '0x8004230C',
  VSS_E_VOLUME_NOT_SUPPORTED_BY_PROVIDER: '0x8004230E',
  VSS_E_UNEXPECTED_PROVIDER_ERROR: '0x8004230F',
  VSS_E_MAXIMUM_NUMBER_OF_SNAPSHOTS_REACHED: '0x80042317',
  VSS_E_VOLUME_IN_USE: '0x8004231D',
  VSS_E_INSUFFICIENT_STORAGE: '0x8004231F',
  VSS_E_UNSELECTED_VOLUME: '0x8004232A',
  VSS_E_SNAPSHOT_NOT_IN_SET: '0x8004232B',
  VSS_E_LEGACY_PROVIDER: '0x800423F7',
  VSS_E_CANNOT_REVERT_DISKID: '0x800423FE',
  VSS_E_RESYNC_IN_PROGRESS: '0x800423FF',
} as const;

export type HresultName = keyof typeof HRESULTS;

/** Whether `name` is in the table and says that something failed: an array may fail with S_OK, a run may not. */
export function isErrorHresult(name: string): name is HresultName {
  return Object.hasOwn(HRESULTS, name) && /^(VSS_)?E_/.test(name);
}
