// The one function that is used of jsonwebtoken, which brings no types of its own.
declare module 'jsonwebtoken' {
  import type { KeyObject } from 'node:crypto'

  interface VerifyOptions {
    readonly algorithms: string[]
    readonly audience: string
    readonly issuer: string
  }
  const jsonwebtoken: {
    readonly verify: (token: string, key: KeyObject, options: VerifyOptions) => unknown
  }
  export default jsonwebtoken
}
