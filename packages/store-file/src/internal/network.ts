import { Eq } from 'fp-ts/lib/number.js'
import type * as O from 'fp-ts/lib/Option.js'
import * as RM from 'fp-ts/lib/ReadonlyMap.js'

const NAMES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x7461636f, 'OCFS2'],
  [0x01161970, 'GFS2'],
])

/** The name of a file system that machines share, by its type as Linux's statfs tells it (linux/magic.h). */
export const networkName = (type: number): O.Option<string> => RM.lookup(Eq)(type >>> 0)(NAMES)
