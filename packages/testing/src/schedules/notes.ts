/** What the judge remembers of one process. */
export interface Notes {
  isRecovering: boolean
  /** The newest generation that it may know of. */
  generation: number
  /** The families of which it was told, by a message, that their session is over. */
  readonly ends: Set<number>
  /** What its own revoke has ended, and what it must not serve any more: its revoke is over, or its refusal. */
  readonly revoking: Set<string>
  readonly over: Set<string>
  /** The refresh tokens that it has redeemed, with success, and those that the server has told it to be invalid. */
  readonly spent: Set<string>
  readonly rejected: Set<string>
}

/** Of each process, by its number; and as a text. */
export const makeNotes = () => {
  const all = new Map<number, Notes>()
  return {
    of: (index: number): Notes => {
      const there = all.get(index)
      if (there !== undefined) return there
      const made: Notes = {
        isRecovering: false,
        generation: 0,
        ends: new Set(),
        revoking: new Set(),
        over: new Set(),
        spent: new Set(),
        rejected: new Set(),
      }
      all.set(index, made)
      return made
    },
    some: (is: (notes: Notes) => boolean): boolean => [...all.values()].some(is),
    state: (): string =>
      [...all]
        .sort(([one], [other]) => one - other)
        .map(([, of]) => Object.values(of).map((value) => (value instanceof Set ? [...value].join() : value)))
        .join('|'),
  }
}
