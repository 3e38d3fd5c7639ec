/**
 * Keeps the own log lines of the SDK out of the test output: imported wherever a test connects a worker or a client of its own. The
 * first connection of a process settles it for all of the process's files.
 */
import { DefaultLogger, Runtime } from '@temporalio/worker';

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
