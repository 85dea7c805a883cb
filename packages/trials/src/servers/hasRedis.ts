import { spawnSync } from 'node:child_process'

/** Whether there is a `redis-server` here. */
export const hasRedis = (): boolean => spawnSync('redis-server', ['--version'], { timeout: 10_000 }).status === 0
