select {schema}.promote_due() + {schema}.expire_tasks(), {schema}.next_due(), {schema}.next_schedule()
