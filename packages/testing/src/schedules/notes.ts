import type { Process } from './processes.js'

/** What the judge remembers of one process. */
export interface Notes {
  isRecovering: boolean
  /** The newest generation that it may know of. */
  generation: number
  /** How many revokes had taken effect when it last read the store, and when its last login began. */
  tombstones: number
  tombstonesAtLogin: number
  /** What its own revoke has ended, and what it must not serve any more: its revoke is over, or its refusal. */
  readonly revoking: Set<string>
  readonly over: Set<string>
  /** The refresh tokens that it has redeemed, with success. */
  readonly spent: Set<string>
}

/** Of each process; and as a text. */
export const makeNotes = () => {
  const all = new Map<number, Notes>()
  return {
    notesOf: ({ index }: Process): Notes => {
      const there = all.get(index)
      if (there !== undefined) return there
      const made: Notes = {
        isRecovering: false,
        generation: 0,
        tombstones: 0,
        tombstonesAtLogin: 0,
        revoking: new Set(),
        over: new Set(),
        spent: new Set(),
      }
      all.set(index, made)
      return made
    },
    notes: (): string =>
      [...all]
        .sort(([one], [other]) => one - other)
        .map(([, of]) => Object.values(of).map((value) => (value instanceof Set ? [...value].join() : value)))
        .join('|'),
  }
}
