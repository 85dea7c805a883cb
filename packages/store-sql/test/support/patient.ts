import { seconds } from '@tessera/core'

/** For what is not about time: beside busy cores, a statement may take a while. */
export const patient = { commandTimeout: seconds(60) }
