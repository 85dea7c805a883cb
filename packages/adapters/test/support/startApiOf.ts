import { type Api, type ApiAnswer, startApi } from './startApi.js'

/** What an API answers otherwise than an empty object. */
export type Answers = Partial<Record<200 | 401, Partial<ApiAnswer>>>

/** Who says what is answered. */
export interface Judge {
  /** Whether a token is good at the server now. */
  readonly isGood: (token: string) => boolean
  /** Whether the next request is to be answered 403; it is asked once for each. */
  readonly isForbidden: () => boolean
}

/** An API that takes the token of a session: 200 to one that is good, 401 to another. */
export const startApiOf = (judge: Judge, answers: Answers = {}): Promise<Api> =>
  startApi(({ header }) => {
    if (judge.isForbidden()) return { status: 403 }
    const status = judge.isGood(header('authorization').replace(/^\S+ /, '')) ? 200 : 401
    return { status, ...answers[status] }
  })
