/** Keeps the own log lines of the SDK out of the test output: imported where a test has a worker or a client of its own. */
import { DefaultLogger, Runtime } from '@temporalio/worker';

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
