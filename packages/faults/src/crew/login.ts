import type { Account, Crew } from './Crew.js'
import type { Member } from './Member.js'

/** How often it is tried: on a busy machine Redis may not answer in time. */
const TRIES = 5

/** Logs in anew, with a token that lasts for so many ms. */
export const login = async (
  { key, issue }: Account,
  member: Member,
  { tally }: Crew,
  expiresIn: number,
): Promise<void> => {
  for (let left = TRIES; left > 0; left--) {
    const { outcomes } = await member.ask({ do: 'login', key, pair: issue(), expiresIn })
    if (outcomes['ok'] === 1) return
    if (outcomes['StoreFailed'] !== 1 || left === 1) tally.problem(`a login ended by ${Object.keys(outcomes).join()}`)
  }
}
