import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { EventxModule } from 'nestjs-eventx';

import { DriveModule } from './drive/drive.module.js';
import { EventsModule } from './events/events.module.js';
import { MailModule } from './mail/mail.module.js';
import { OperateModule } from './operate/operate.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { PageController } from './page/page.controller.js';
import { SalesModule } from './sales/sales.module.js';
import { StockModule } from './stock/stock.module.js';

@Module({})
export class AppModule {
  static on(database: TypeOrmModuleOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot({
          ...database,
          autoLoadEntities: true,
          // Makes the tables of orders and stock. The log makes its own.
          synchronize: true,
          // A sample says at once what is wrong; a service would wait for its database.
          toRetry: () => false,
        }),
        EventxModule.forRoot({ isGlobal: true }),
        OrdersModule,
        SalesModule,
        MailModule,
        StockModule,
        EventsModule,
        OperateModule,
        DriveModule,
      ],
      controllers: [PageController],
    };
  }
}
