import type { Script } from './run.js'

/**
 * Reads a record (no argument), or writes one onto an expected version (version expected, version and record to write, how
 * to publish, channel).
 *
 * A hash with one of its two fields is damaged, and is kept. The message is the version that was written, and a failure to publish
 * does not fail the write. TIME is asked last and only where nothing is written, so that the script is allowed with any kind of
 * replication.
 */
export const script: Script = {
  // The test that runs it compares.
  sha1: '1173a8da9e652f6b632155d354236a07a113ce9e',
  lua: `local there = redis.call('HMGET', KEYS[1], 'version', 'record')
if #ARGV > 0 then
  local version = there[1] or ''
  if version == ARGV[2] then return {1} end
  if version == ARGV[1] and not there[1] == not there[2] then
    redis.call('HSET', KEYS[1], 'version', ARGV[2], 'record', ARGV[3])
    redis.pcall(ARGV[4], ARGV[5], ARGV[2])
    return {1}
  end
end
local now = redis.call('TIME')
return {0, there[1], there[2], now[1], now[2]}
`,
}
