/**
 * What proves the audit log, see docs/audit.md: the hash chain, the Merkle tree over it, signed checkpoints, and the verifier that
 * needs nothing but a file. The console writes with it, the client checks with it. It must never need the product, a network
 * or a database, and never say that a log is whole unless every byte of it was checked.
 */
export { canonicalJson } from './canonical-json.ts';
export { CHAIN_START, chainHash } from './chain.ts';
export { type Checkpoint, formatCheckpoint, originOf, parseCheckpoint } from './checkpoint.ts';
export {
  consistencyProof,
  GrowingTree,
  inclusionProof,
  leafHash,
  nodeHash,
  type ReadNode,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from './merkle-tree.ts';
export { ERASE_ACTION, KEPT_ACTIONS, MIN_RETENTION_DAYS, PRUNE_ACTION, RETENTION_ACTION } from './omissions.ts';
export {
  commitmentTo,
  ERASED,
  isOpened,
  type OpenedPart,
  parseSealedParts,
  pointerTo,
  readableEntry,
  SEALED,
  type SealedPart,
  textOfOpened,
} from './personal-data.ts';
export {
  formatVerifierKey,
  isSignedBy,
  type NoteSigner,
  type NoteVerifier,
  parseNote,
  parseVerifierKey,
  type SignatureKind,
  signNote,
} from './signed-note.ts';
export {
  EXPORT_FORMAT,
  ExportVerifier,
  type Finding,
  type Flaw,
  MAX_EXPORT_LINE_BYTES,
  type Verification,
  type VerifyOptions,
} from './verify-export.ts';
