import { type Duration, minutes } from '@tessera/core'

export const days = (count: number): Duration => minutes(count * 24 * 60)
