/** The tour, in its order. */
import type { Scene } from '../Scene.js'
import type { World } from '../World.js'
import { authorizationCode } from './authorizationCode.js'
import { clientCredentials } from './clientCredentials.js'
import { developerToken } from './developerToken.js'
import { deviceCode } from './deviceCode.js'
import { downscope } from './downscope.js'
import { earlyRenewal } from './earlyRenewal.js'
import { extensionGrant } from './extensionGrant.js'
import { failedWrite } from './failedWrite.js'
import { hundredRotations } from './hundredRotations.js'
import { jwt } from './jwt.js'
import { killedProcess } from './killedProcess.js'
import { lostAnswer } from './lostAnswer.js'
import { refresh } from './refresh.js'
import { remoteCallback } from './remoteCallback.js'
import { revokeAndClose } from './revokeAndClose.js'
import { sharedDatabase } from './sharedDatabase.js'
import { sharedFile } from './sharedFile.js'
import { sharedRedis } from './sharedRedis.js'
import { sharedStore } from './sharedStore.js'
import { tenThousandCallers } from './tenThousandCallers.js'
import { wrongClock } from './wrongClock.js'

export const scenes: ReadonlyArray<Scene<World>> = [
  jwt,
  clientCredentials,
  authorizationCode,
  refresh,
  deviceCode,
  developerToken,
  remoteCallback,
  downscope,
  extensionGrant,
  tenThousandCallers,
  earlyRenewal,
  hundredRotations,
  wrongClock,
  lostAnswer,
  sharedStore,
  sharedFile,
  killedProcess,
  sharedRedis,
  sharedDatabase,
  failedWrite,
  revokeAndClose,
]
