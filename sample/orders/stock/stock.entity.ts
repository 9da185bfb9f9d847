import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('stock')
export class Stock {
  @PrimaryColumn({ type: 'varchar', length: 50 })
  sku!: string;

  /** Units that orders have claimed. */
  @Column({ type: 'int' })
  reserved!: number;
}
