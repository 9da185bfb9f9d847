import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';

export interface OrderItem {
  readonly sku: string;
  readonly quantity: number;
}

@Entity('orders')
export class Order {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'varchar', length: 100 })
  customer!: string;

  @Column({ type: 'simple-json' })
  items!: OrderItem[];

  @CreateDateColumn()
  createdAt!: Date;
}
