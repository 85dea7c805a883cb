// The one function that is used of jsonwebtoken, which brings no types of its own.
declare module 'jsonwebtoken' {
  import type { KeyObject } from 'node:crypto'

  interface VerifyOptions {
    readonly algorithms: ReadonlyArray<string>
    readonly audience: string
    readonly issuer: string
    readonly complete: true
  }
  interface Verified {
    readonly header: object
    readonly payload: unknown
  }
  const jsonwebtoken: {
    readonly verify: (token: string, key: KeyObject, options: VerifyOptions) => Verified
  }
  export default jsonwebtoken
}
