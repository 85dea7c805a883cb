import type { Account, Crew } from './Crew.js'
import type { Member } from './Member.js'

/** For how long it is tried again, in ms of real time: on a busy machine neither the store nor the server may answer in fast time. */
const PATIENCE = 120_000

// A token that has ended by the time that it is written is renewed at once, whose answer may be late in its turn.
const LATE = ['StoreFailed', 'TimedOut', 'OutcomeUnknown']

/** Logs in anew, with a token that lasts for so many ms. */
export const login = async (
  { key, issue }: Account,
  member: Member,
  { tally }: Crew,
  expiresIn: number,
): Promise<void> => {
  for (const end = performance.now() + PATIENCE; ; ) {
    const { outcomes } = await member.ask({ do: 'login', key, pair: issue(), expiresIn })
    if (outcomes['ok'] === 1) return
    if (LATE.some((outcome) => outcomes[outcome] === 1) && performance.now() < end) continue
    tally.problem(`a login ended by ${Object.keys(outcomes).join()}`)
    return
  }
}
