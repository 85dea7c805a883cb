/**
 * A source of tokens as what other libraries take, by their shapes: nothing of theirs is imported. Each is also a path of its own,
 * `@tessera/adapters/axios`, say.
 *
 * @packageDocumentation
 */
export * from './acquired.js'
export * from './aws.js'
export * from './axios.js'
export * from './azure.js'
export * from './google.js'
export * from './got.js'
export { type GrpcCredentials, type GrpcCredentialsOptions, type GrpcMetadata, grpcCredentials } from './grpc.js'
export { type ImapAuth, type ImapClient, type ImapConnectOptions, imapConnect } from './imapflow.js'
export type { HttpTokens } from './internal/httpTokens.js'
export type {
  OtelAdvice,
  OtelAttributes,
  OtelCounter,
  OtelHistogram,
  OtelMeter,
  OtelMetricOptions,
  OtelSpan,
  OtelSpanOptions,
  OtelStatus,
  OtelTracer,
} from './internal/OpenTelemetry.js'
export type { PasswordOptions, Retry } from './internal/passwords.js'
export { type IoRedisAuthOptions, type IoRedisClient, ioRedisAuth } from './ioRedis.js'
export { type KafkaSasl, kafkaSasl } from './kafkajs.js'
export * from './ky.js'
export { type LoggedOptions, type Logger, logged } from './logging.js'
export {
  type MysqlPassword,
  type MysqlPasswordOptions,
  type MysqlSocket,
  type MysqlTarget,
  mysqlPassword,
} from './mysql2.js'
export { type SmtpAuth, type SmtpAuthOptions, smtpAuth } from './nodemailer.js'
export {
  type RedisBasicAuth,
  type RedisCredentials,
  type RedisCredentialsListener,
  type RedisCredentialsOptions,
  type RedisSubscription,
  redisCredentials,
} from './nodeRedis.js'
export * from './octokit.js'
export {
  type MayHaveKey,
  type Observed,
  type TelemetryConfig,
  type TelemetryOptions,
  type TokenTelemetry,
  tokenTelemetry,
} from './opentelemetry.js'
export { type PgPassword, pgPassword } from './pg.js'
export * from './tokenProvider.js'
