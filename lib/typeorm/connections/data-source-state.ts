import type { DataSource } from 'typeorm';

import { DataSourceClosedError } from '../../errors.js';

/** @throws DataSourceClosedError while the data source is not initialized */
export function assertInitialized(dataSource: DataSource): void {
  if (!dataSource.isInitialized) throw new DataSourceClosedError();
}
