import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What each customer has ordered in all. */
@Entity('two_services_sales')
export class Sales {
  @PrimaryColumn({ type: 'varchar', length: 100 })
  customer!: string;

  @Column({ type: 'int', default: 0 })
  orders!: number;

  @Column({ type: 'int', default: 0 })
  total!: number;
}
