ALTER TABLE roles ADD CONSTRAINT roles_pkey PRIMARY KEY (id);
ALTER TABLE permissions ADD CONSTRAINT permissions_pkey PRIMARY KEY (id);
ALTER TABLE role_permissions ADD CONSTRAINT role_permissions_pkey PRIMARY KEY (role_id, permission_id);
ALTER TABLE teams ADD CONSTRAINT teams_pkey PRIMARY KEY (id);
ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);
ALTER TABLE customers ADD CONSTRAINT customers_pkey PRIMARY KEY (id);
ALTER TABLE inquiries ADD CONSTRAINT inquiries_pkey PRIMARY KEY (id);
ALTER TABLE messages ADD CONSTRAINT messages_pkey PRIMARY KEY (id);
ALTER TABLE events ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE tags ADD CONSTRAINT tags_pkey PRIMARY KEY (id);
ALTER TABLE inquiry_tags ADD CONSTRAINT inquiry_tags_pkey PRIMARY KEY (inquiry_id, tag_id);
ALTER TABLE system_settings ADD CONSTRAINT system_settings_pkey PRIMARY KEY (key);
ALTER TABLE report_runs ADD CONSTRAINT report_runs_pkey PRIMARY KEY (id);

ALTER TABLE role_permissions ADD CONSTRAINT role_permissions_role_id_fkey
    FOREIGN KEY (role_id) REFERENCES roles (id);
ALTER TABLE role_permissions ADD CONSTRAINT role_permissions_permission_id_fkey
    FOREIGN KEY (permission_id) REFERENCES permissions (id);
ALTER TABLE users ADD CONSTRAINT users_role_id_fkey FOREIGN KEY (role_id) REFERENCES roles (id);
ALTER TABLE users ADD CONSTRAINT users_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams (id);
ALTER TABLE inquiries ADD CONSTRAINT inquiries_customer_id_fkey
    FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE inquiries ADD CONSTRAINT inquiries_assignee_id_fkey
    FOREIGN KEY (assignee_id) REFERENCES users (id);
ALTER TABLE messages ADD CONSTRAINT messages_inquiry_id_fkey
    FOREIGN KEY (inquiry_id) REFERENCES inquiries (id) ON DELETE CASCADE;
ALTER TABLE messages ADD CONSTRAINT messages_author_user_id_fkey
    FOREIGN KEY (author_user_id) REFERENCES users (id);
ALTER TABLE events ADD CONSTRAINT events_inquiry_id_fkey
    FOREIGN KEY (inquiry_id) REFERENCES inquiries (id) ON DELETE CASCADE;
ALTER TABLE events ADD CONSTRAINT events_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES users (id);
ALTER TABLE inquiry_tags ADD CONSTRAINT inquiry_tags_inquiry_id_fkey
    FOREIGN KEY (inquiry_id) REFERENCES inquiries (id) ON DELETE CASCADE;
ALTER TABLE inquiry_tags ADD CONSTRAINT inquiry_tags_tag_id_fkey FOREIGN KEY (tag_id) REFERENCES tags (id);
ALTER TABLE report_runs ADD CONSTRAINT report_runs_requested_by_fkey
    FOREIGN KEY (requested_by) REFERENCES users (id);

ALTER TABLE inquiries ADD CONSTRAINT inquiries_status_check
    CHECK (status IN ('open', 'pending', 'resolved', 'closed'));
ALTER TABLE inquiries ADD CONSTRAINT inquiries_priority_check
    CHECK (priority IN ('low', 'normal', 'high', 'urgent'));

-- logins
CREATE INDEX ix_users_email ON users (email);
-- customer search
CREATE INDEX ix_customers_email ON customers (email);
CREATE INDEX ix_customers_company ON customers (company, name);
-- inquiry lists
CREATE INDEX ix_inquiries_created_at ON inquiries (created_at);
CREATE INDEX ix_inquiries_subject ON inquiries (subject, id);
-- charts
CREATE INDEX idx_inquiries_created ON inquiries (created_at);
CREATE INDEX ix_messages_author_kind ON messages (author_kind);
CREATE INDEX ix_events_at ON events (at);
-- "most recent report" on the reports page
CREATE INDEX ix_report_runs_kind ON report_runs (kind, started_at DESC);

-- Switched off for the import of the old desk's history (DESK-212).
ALTER TABLE events SET (autovacuum_enabled = false);
