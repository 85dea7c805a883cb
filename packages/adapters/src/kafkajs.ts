/**
 * A source as the SASL/OAUTHBEARER of Kafka, through `kafkajs`.
 *
 * @packageDocumentation
 */
import { memberOf, type PasswordOptions, passwords, type Retry } from './internal/passwords.js'

/** The token as what `kafkajs` takes. */
export interface KafkaSasl {
  /** The `sasl` of a `Kafka` (RFC 7628): asked for at each connection, and again when a broker's session ends (KIP-368). */
  readonly sasl: {
    readonly mechanism: 'oauthbearer'
    readonly oauthBearerProvider: () => Promise<{ readonly value: string }>
  }
  /** Renews a token that a broker refuses: `retry(() => producer.connect())`. */
  readonly retry: Retry
}

/**
 * The access token as the `sasl` of a `Kafka`. Where brokers end sessions with their tokens, `kafkajs` asks for the next one 10 s before
 * (`reauthenticationThreshold`): renew earlier than that.
 *
 * @example
 * import { kafkaSasl } from '@tessera/adapters/kafkajs'
 * import type { TokenSource } from '@tessera/core'
 * import { Kafka } from 'kafkajs'
 *
 * const connect = async (tokens: TokenSource) => {
 *   const { sasl, retry } = kafkaSasl({ tokens })
 *   const producer = new Kafka({ brokers: ['kafka.example:9093'], ssl: true, sasl }).producer()
 *   await retry(() => producer.connect())
 *   return producer
 * }
 * assert.strictEqual(typeof connect, 'function')
 */
export const kafkaSasl = ({ tokens }: PasswordOptions): KafkaSasl => {
  const { next, retry } = passwords(tokens, (error) => memberOf(error, 'name') === 'KafkaJSSASLAuthenticationError')
  return {
    sasl: { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: (await next()).text }) },
    retry,
  }
}
