/**
 * A source as the call credentials of gRPC, through `@grpc/grpc-js`.
 *
 * @packageDocumentation
 */
import { memberOf, type PasswordOptions, passwords, type Retry } from './internal/passwords.js'

/** `Metadata` of `@grpc/grpc-js`, as far as it is written here. */
export interface GrpcMetadata {
  readonly set: (key: string, value: string) => void
}

/** The parameters of {@link grpcCredentials}. */
export interface GrpcCredentialsOptions<Metadata extends GrpcMetadata> extends PasswordOptions {
  /** Makes what a call carries: `() => new Metadata()`. */
  readonly metadata: () => Metadata
}

/** The token as what `@grpc/grpc-js` takes. */
export interface GrpcCredentials<Metadata extends GrpcMetadata> {
  /** For `credentials.createFromMetadataGenerator`: asked at each call. */
  readonly generator: (options: unknown, done: (error: Error | null, metadata?: Metadata) => void) => void
  /** Renews a token that the server refuses with UNAUTHENTICATED: `retry(() => call(request))`. */
  readonly retry: Retry
}

/** `UNAUTHENTICATED` (gRPC, status codes). */
const UNAUTHENTICATED = 16

/**
 * The access token as call credentials, which `@grpc/grpc-js` sends over TLS only. A call that is refused has not begun where the server
 * looks at the token first, as interceptors do. A stream keeps the token that it began with.
 *
 * @example
 * import { grpcCredentials } from '@tessera/adapters/grpc'
 * import type { TokenSource } from '@tessera/core'
 * import { credentials, Metadata } from '@grpc/grpc-js'
 *
 * const credentialsOf = (tokens: TokenSource) => {
 *   const { generator } = grpcCredentials({ tokens, metadata: () => new Metadata() })
 *   return credentials.combineChannelCredentials(
 *     credentials.createSsl(),
 *     credentials.createFromMetadataGenerator(generator),
 *   )
 * }
 * assert.strictEqual(typeof credentialsOf, 'function')
 */
export const grpcCredentials = <Metadata extends GrpcMetadata>({
  tokens,
  metadata: make,
}: GrpcCredentialsOptions<Metadata>): GrpcCredentials<Metadata> => {
  const { next, retry } = passwords(tokens, (error) => memberOf(error, 'code') === UNAUTHENTICATED)
  const generate = async (): Promise<Metadata> => {
    const metadata = make()
    metadata.set('authorization', `Bearer ${(await next()).text}`)
    return metadata
  }
  return {
    generator: (_options, done) => {
      generate().then((metadata) => done(null, metadata), done)
    },
    retry,
  }
}
