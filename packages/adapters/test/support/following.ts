/** For a server that knows no tokens: its password is the token, as long as that is good. */
import { Secret, type Tokens } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { Rig } from './rig.js'

export interface Following {
  /** Sets the password before a token is handed out. */
  readonly tokens: Tokens
  /** Takes a token that has ended from the server. */
  readonly follow: () => Promise<void>
}

export const following = ({ tokens, isGood }: Rig, set: (password: string) => Promise<unknown>): Following => {
  let password = ''
  let setting = Promise.resolve()
  const become = (next: string): Promise<void> => {
    if (next !== password) {
      password = next
      setting = setting.then(async () => {
        await set(next)
      })
    }
    return setting
  }
  const follow = (token: string): Promise<void> => become(isGood(token) ? token : 'of nobody')
  return {
    tokens: {
      ...tokens,
      get: async () => {
        const got = await tokens.get()
        if (E.isRight(got)) await follow(Secret.open(got.right.accessToken))
        return got
      },
    },
    follow: () => follow(password),
  }
}
